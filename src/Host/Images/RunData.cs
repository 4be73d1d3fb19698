using System.Diagnostics;
using System.Globalization;
using NoProp.Actors.Hosting;
using NoProp.Host.Commands;
using NoProp.Models;
using NoProp.Models.Data;
using NoProp.Models.Data.Images;
using Spectre.Console;

namespace NoProp.Host.Images;

/// <summary>The data of a run.</summary>
internal static class RunData
{
    private const string FolderPrefix = "folder:";

    /// <summary>Loads them; where that takes long, lines on standard error say how far it has come.</summary>
    /// <exception cref="NoPropException">They cannot be read.</exception>
    public static Dataset Load(DataSettings data) =>
        DataCatalog.Load(data.Name, data.Directory, data.TrainLimit, new ImageReading(ImageFile.Decode, data.ImageSize, new Lines()));

    /// <summary>The data set's name as part of a file name: of a folder of images, the last part of its path.</summary>
    public static string ShortName(DataSettings data) => data.Name.StartsWith(FolderPrefix, StringComparison.Ordinal)
        ? Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(data.Name[FolderPrefix.Length..]))) is { Length: > 0 } last ? last : "folder"
        : data.Name;

    /// <summary>A line every few seconds.</summary>
    private sealed class Lines : IProgress<ImagesRead>
    {
        private static readonly TimeSpan Every = TimeSpan.FromSeconds(2);

        private readonly Lock writing = new();
        private long last = Stopwatch.GetTimestamp();

        public void Report(ImagesRead value)
        {
            lock (writing)
            {
                if (Stopwatch.GetElapsedTime(last) >= Every)
                {
                    last = Stopwatch.GetTimestamp();
                    Terminal.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"read {value.Done} of {value.Total} images"));
                }
            }
        }
    }
}
