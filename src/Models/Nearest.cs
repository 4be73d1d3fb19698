namespace NoProp.Models;

/// <summary>Finds what a mistyped word was probably meant to be.</summary>
public static class Nearest
{
    /// <summary>
    /// The candidate with the fewest letters to insert, delete or replace, or null where every one needs more than a third of
    /// <paramref name="word"/>'s letters (but two are always allowed). Case counts for nothing.
    /// </summary>
    public static string? Of(string word, IEnumerable<string> candidates)
    {
        (string? nearest, int fewest) = (null, Math.Max(2, word.Length / 3) + 1);
        foreach (string candidate in candidates)
        {
            int edits = Edits(word.ToUpperInvariant(), candidate.ToUpperInvariant());
            (nearest, fewest) = edits < fewest ? (candidate, edits) : (nearest, fewest);
        }

        return nearest;
    }

    // Levenshtein distance, one row at a time.
    private static int Edits(string a, string b)
    {
        int[] row = [.. Enumerable.Range(0, b.Length + 1)];
        for (int i = 1; i <= a.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[b.Length];
    }
}
