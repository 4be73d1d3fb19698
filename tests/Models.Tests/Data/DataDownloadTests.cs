using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using NoProp.Models.Data;
using NoProp.Models.Data.Sets;
using Xunit;

namespace NoProp.Models.Tests.Data;

[SuppressMessage("Security", "CA5351", Justification = "The published checksums are MD5.")]
public sealed class DataDownloadTests : IAsyncLifetime, IDisposable
{
    private static readonly byte[][] Contents = [IdxBytes.Images(5), IdxBytes.Labels(5), IdxBytes.Images(3), IdxBytes.Labels(3)];
    private static readonly string[] GzipNames = [.. IdxBytes.FileNames.Select(name => $"{name}.gz")];

    private static readonly PublishedSet Set = IdxSet.FashionMnist.Published with
    {
        Files = [.. IdxBytes.FileNames.Zip(Contents, (name, raw) => new PublishedFile(name, Md5(IdxBytes.Gzip(raw)), Md5(raw)))],
    };

    private readonly TempFolder folder = new();
    private readonly LoopbackServer server = new();
    private readonly HttpClient http = new();

    public Task InitializeAsync()
    {
        for (int i = 0; i < Contents.Length; i++)
        {
            server.Files[GzipNames[i]] = IdxBytes.Gzip(Contents[i]);
        }

        return Task.CompletedTask;
    }

    public async Task DisposeAsync() => await server.DisposeAsync();

    public void Dispose()
    {
        http.Dispose();
        folder.Dispose();
    }

    [Fact]
    public async Task A_downloaded_set_can_be_loaded()
    {
        await GetAsync();

        using Dataset data = DataCatalog.LoadFrom(IdxSet.FashionMnist with { Published = Set }, [folder["set"]], trainLimit: 0);
        Assert.Equal((5, 3), (data.Train.Count, data.Test.Count));
    }

    [Fact]
    public async Task Only_the_four_files_are_left_after_a_download()
    {
        await GetAsync();

        Assert.Equal(GzipNames.Order(), FilesLeft());
    }

    [Fact]
    public async Task The_progress_of_each_file_ends_at_its_length()
    {
        Progress progress = new();

        await GetAsync(progress);

        Assert.All(GzipNames, name => Assert.Contains(progress.Reports, report =>
            report == new DownloadProgress(name, server.Files[name].Length, server.Files[name].Length)));
    }

    [Fact]
    public async Task Files_that_are_there_and_right_are_left_alone()
    {
        await GetAsync();
        server.Requests.Clear();

        await GetAsync();

        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task A_file_compressed_anew_is_right()
    {
        byte[] stored = IdxBytes.Gzip(Contents[1]);
        stored[4] ^= 1; // the time of compression
        folder.Write($"set/{GzipNames[1]}", stored);

        Assert.DoesNotContain(GzipNames[1], await GetAsync());
    }

    [Fact]
    public async Task A_damaged_file_is_fetched_again()
    {
        folder.Write($"set/{GzipNames[1]}", [1, 2, 3]);

        Assert.Contains(GzipNames[1], await GetAsync());
    }

    [Fact]
    public async Task What_a_killed_download_left_is_overwritten()
    {
        folder.Write($"set/{GzipNames[0]}.part", new byte[100_000]);

        await GetAsync();

        Assert.Equal(GzipNames.Order(), FilesLeft());
    }

    [Fact]
    public async Task A_wrong_checksum_leaves_no_file()
    {
        server.Files[GzipNames[0]][^1] ^= 1;

        await FailureAsync();

        Assert.Empty(FilesLeft());
    }

    [Fact]
    public async Task A_wrong_checksum_is_named_in_the_error()
    {
        server.Files[GzipNames[0]] = "a login page"u8.ToArray();

        Assert.Contains(
            $"expected MD5 {Set.Files[0].GzipMd5}, found {Md5(server.Files[GzipNames[0]])}",
            await FailureAsync(),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_interrupted_download_leaves_no_file()
    {
        server.BreakAfter = 20;

        await FailureAsync();

        Assert.Empty(FilesLeft());
    }

    [Fact]
    public async Task An_interrupted_download_is_named_in_the_error()
    {
        server.BreakAfter = 20;

        Assert.Matches($"cannot download {server.Address}{GzipNames[0]}: .* after 20 bytes; check the network", await FailureAsync());
    }

    [Fact]
    public async Task A_file_that_the_server_lacks_is_named_in_the_error()
    {
        server.Files.TryRemove(GzipNames[2], out _);

        Assert.Matches($"cannot download {server.Address}{GzipNames[2]}: .*404", await FailureAsync());
    }

    [Fact]
    public async Task Without_a_network_the_error_tells_what_to_do_by_hand()
    {
        string message = await FailureAsync(Closed());

        Assert.EndsWith(
            $"put {string.Join(", ", GzipNames)} into {folder["set"]}, or into any folder that you name with --data-dir; "
                + "on Debian and Ubuntu `sudo apt install dataset-fashion-mnist` is enough",
            message,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_network_the_error_is_one_line_that_begins_with_the_address()
    {
        Uri closed = Closed();

        Assert.Matches($@"\Acannot download {closed}{GzipNames[0]}: [^\n]+\z", await FailureAsync(closed));
    }

    [Fact]
    public async Task A_folder_that_cannot_be_made_is_named_in_the_error()
    {
        folder.Write("set", []);

        Assert.StartsWith($"cannot write to {folder["set"]}: ", await FailureAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cancelled_download_leaves_no_file()
    {
        using CancellationTokenSource cancellation = new();
        Progress cancel = new() { OnReport = cancellation.Cancel };

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            DataDownload.GetAsync(http, Set, folder["set"], cancel, server.Address, cancellation.Token));

        Assert.Empty(FilesLeft());
    }

    [Fact]
    public async Task The_digits_need_no_download()
    {
        NoPropException e = await Assert.ThrowsAsync<NoPropException>(() => DataDownload.GetAsync(http, "digits", folder.Path));

        Assert.Contains("nothing needs to be fetched", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_whose_contents_have_no_published_checksum_is_checked_as_it_is()
    {
        PublishedSet set = Set with { Files = [Set.Files[1] with { RawMd5 = null }] };
        byte[] stored = IdxBytes.Gzip(Contents[1]);
        stored[4] ^= 1; // the time of compression
        folder.Write($"set/{GzipNames[1]}", stored);

        Assert.Equal([GzipNames[1]], await DataDownload.GetAsync(http, set, folder["set"], null, server.Address, CancellationToken.None));
    }

    [Fact]
    public async Task A_set_without_published_checksums_is_not_downloaded_but_says_where_it_is()
    {
        NoPropException e = await Assert.ThrowsAsync<NoPropException>(() => DataDownload.GetAsync(http, "tiny-imagenet", folder["set"]));

        Assert.Matches("nobody publishes a checksum for it: download tiny-imagenet-200.zip from http://.* and put it, as it is or unpacked, into ", e.Message);
        Assert.Contains(folder["set"], e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_sets_with_published_checksums_can_be_downloaded() =>
        Assert.Equal(["mnist", "fashion-mnist", "kmnist", "cifar10", "cifar100"], DataDownload.Names);

    private static string Md5(byte[] bytes) => Convert.ToHexStringLower(MD5.HashData(bytes));

    /// <summary>An address at which nobody listens any more.</summary>
    private static Uri Closed()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return new Uri($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/");
    }

    private Task<IReadOnlyList<string>> GetAsync(Progress? progress = null) =>
        DataDownload.GetAsync(http, Set, folder["set"], progress, server.Address, CancellationToken.None);

    private async Task<string> FailureAsync(Uri? source = null) =>
        (await Assert.ThrowsAsync<NoPropException>(() =>
            DataDownload.GetAsync(http, Set, folder["set"], null, source ?? server.Address, CancellationToken.None))).Message;

    private IEnumerable<string> FilesLeft() => Directory.EnumerateFiles(folder["set"]).Select(path => Path.GetFileName(path)).Order();

    private sealed class Progress : IProgress<DownloadProgress>
    {
        public List<DownloadProgress> Reports { get; } = [];

        public Action OnReport { get; init; } = () => { };

        public void Report(DownloadProgress value)
        {
            Reports.Add(value);
            OnReport();
        }
    }
}
