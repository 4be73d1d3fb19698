using NoProp.Models.Data.Images;

namespace NoProp.Models.Data.Sets;

/// <summary>A data set of a known layout that is read from files.</summary>
internal interface IDataSet
{
    /// <summary>What <c>--data</c> calls it.</summary>
    string Name { get; }

    /// <summary>What <c>noprop data get</c> fetches; null where nobody publishes files with their checksums.</summary>
    PublishedSet? Published { get; }

    /// <summary>How a user gets the files, to end a sentence.</summary>
    /// <param name="folder">Where to put them.</param>
    string HowToGet(string folder);

    /// <summary>The files of a complete copy that a place lacks; none where it has one. Null where it has nothing of it at all.</summary>
    IReadOnlyList<string>? Missing(string place);

    /// <summary>Reads it.</summary>
    /// <param name="place">A place that lacks nothing.</param>
    /// <param name="trainLimit">Only the first so many training images; 0 means all.</param>
    /// <param name="reading">How image files are read.</param>
    /// <exception cref="NoPropException">A file is missing or damaged.</exception>
    Dataset Load(string place, int trainLimit, ImageReading? reading);
}
