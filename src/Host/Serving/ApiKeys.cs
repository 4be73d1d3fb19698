using System.Security.Cryptography;
using System.Text;
using NoProp.Models;

namespace NoProp.Host.Serving;

/// <summary>Who may ask.</summary>
internal sealed class ApiKeys
{
    private const int ShortestKey = 16;

    private readonly byte[][] hashes;

    private ApiKeys(byte[][] hashes) => this.hashes = hashes;

    /// <summary>Reads a file of keys, one a line; lines that begin with # are comments.</summary>
    /// <exception cref="NoPropException">It cannot be read, or a key is easy to guess.</exception>
    public static ApiKeys Read(string path)
    {
        string[] keys;
        try
        {
            keys = [.. File.ReadLines(path).Select(line => line.Trim()).Where(line => line.Length > 0 && line[0] != '#')];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new NoPropException($"the keys in {path} cannot be read: {e.Message}", e);
        }

        return keys.Length == 0 || keys.Any(key => key.Length < ShortestKey)
            ? throw new NoPropException($"{path} must have a key of at least {ShortestKey} characters a line, as made by: openssl rand -hex 16")
            : new([.. keys.Select(Hash)]);
    }

    /// <summary>Whether a request shows one of them: <c>Bearer KEY</c>.</summary>
    public bool Admit(string authorization)
    {
        const string Scheme = "Bearer ";
        byte[] shown = Hash(authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? authorization[Scheme.Length..].Trim() : "");
        return hashes.Any(hash => CryptographicOperations.FixedTimeEquals(hash, shown));
    }

    private static byte[] Hash(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));
}
