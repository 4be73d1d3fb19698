namespace NoProp.Models.Data.Sets;

/// <summary>One published file.</summary>
/// <param name="Name">Its name without <c>.gz</c>.</param>
/// <param name="GzipMd5">Checksum of the <c>.gz</c> file as its authors published it.</param>
/// <param name="RawMd5">
/// Checksum of what is in it, where it is known: a distribution or a mirror may have compressed it anew.
/// </param>
internal sealed record PublishedFile(string Name, string GzipMd5, string? RawMd5 = null);

/// <summary>The files of a data set that others publish.</summary>
/// <param name="Name">What <c>--data</c> calls it.</param>
/// <param name="Source">Address of the folder that holds the files; ends in a slash.</param>
/// <param name="DebianPackage">A package of Debian and Ubuntu that installs the files, or null.</param>
/// <param name="Files">The files.</param>
internal sealed record PublishedSet(
    string Name,
    Uri Source,
    string? DebianPackage,
    IReadOnlyList<PublishedFile> Files)
{
    /// <summary>How a user gets the files, to end a sentence.</summary>
    public string HowToGet => $"fetch it with `noprop data get {Name}`{DebianHint}";

    /// <summary>A sentence's end for those who must fetch the files another way.</summary>
    public string DebianHint => DebianPackage is null ? "" : $"; on Debian and Ubuntu `sudo apt install {DebianPackage}` is enough";
}
