using System.Buffers.Binary;
using System.IO.Compression;
using NoProp.Host.Tests.Images;
using NoProp.Host.Tests.Processes;
using NoProp.Host.Tests.Runs;
using Xunit;

namespace NoProp.Host.Tests.Errors;

/// <summary>Data that cannot be trained on: one line that says why, exit code 1, and no run folder.</summary>
[Collection(ProcessTests.Name)]
public sealed class DataErrorTests : IDisposable
{
    private const uint ImagesMagic = 0x803;
    private const uint LabelsMagic = 0x801;

    private readonly TempFolder folder = new();

    public DataErrorTests()
    {
        Write("train-images-idx3-ubyte", Images(20));
        Write("train-labels-idx1-ubyte", Labels(20));
        Write("t10k-images-idx3-ubyte", Images(10));
        Write("t10k-labels-idx1-ubyte", Labels(10));
    }

    [Fact]
    public async Task The_files_that_these_tests_damage_are_good_ones()
    {
        ProcessResult result = await TrainAsync("--blocks", "1", "--epochs", "1");

        Assert.Contains("mnist, 20 + 10 images 1x28x28", result.Succeeded().Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_truncated_file_is_named()
    {
        Write("train-images-idx3-ubyte", Images(20)[..^100]);

        AssertNames("train-images-idx3-ubyte: expected 15680 bytes after the header, found only 15580", await TrainAsync());
    }

    [Fact]
    public async Task A_truncated_gzip_file_is_named()
    {
        File.Delete(folder["mnist/t10k-images-idx3-ubyte"]);
        Write("t10k-images-idx3-ubyte.gz", Gzip(Images(10))[..^20]);

        AssertNames("t10k-images-idx3-ubyte.gz: expected ", await TrainAsync());
    }

    [Fact]
    public async Task A_wrong_magic_number_is_named()
    {
        Write("train-images-idx3-ubyte", [.. Header(0x12345678, 20, 28, 28), .. new byte[20 * 784]]);

        AssertNames("found a file that begins with 0x12345678", await TrainAsync());
    }

    [Fact]
    public async Task Different_numbers_of_images_and_labels_are_named()
    {
        Write("train-labels-idx1-ubyte", Labels(19));

        AssertNames("20 images", await TrainAsync());
    }

    [Fact]
    public async Task A_label_out_of_range_is_named()
    {
        Write("t10k-labels-idx1-ubyte", [.. Labels(10)[..^1], 10]);

        AssertNames("expected labels from 0 to 9, found 10 at position 9", await TrainAsync());
    }

    [Fact]
    public async Task A_missing_file_is_named()
    {
        File.Delete(folder["mnist/t10k-labels-idx1-ubyte"]);

        AssertNames("t10k-labels-idx1-ubyte", await TrainAsync());
    }

    [Fact]
    public async Task An_unknown_data_set_is_answered_with_the_names_of_the_known_ones()
    {
        AssertNames("digits, mnist, fashion-mnist, kmnist, cifar10, cifar100, tiny-imagenet, folder:PATH", await NopropProcess.RunAsync(folder.Path, "train", "--data", "imagenet", "--out", "run"));
    }

    [Fact]
    public async Task A_damaged_image_in_a_folder_is_named()
    {
        ImageSamples.WriteGreys(folder, "pets/cat", 5, first: 0);
        ImageSamples.WriteGreys(folder, "pets/dog", 5, first: 100);
        folder.Write("pets/dog/99.jpg", [1, 2, 3]);

        AssertNames("99.jpg is no picture that can be read: use PNG or JPEG", await NopropProcess.RunAsync(folder.Path, "train", "--data", "folder:pets", "--out", "run"));
    }

    [Fact]
    public async Task A_set_without_a_checksum_is_not_downloaded()
    {
        ProcessResult result = await NopropProcess.RunAsync(folder.Path, "data", "get", "tiny-imagenet", "--data-dir", "fetched");

        Assert.Contains("download tiny-imagenet-200.zip from ", result.SingleError(exitCode: 1), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_augmentation_is_answered_with_the_known_ones()
    {
        ProcessResult result = await NopropProcess.RunAsync(folder.Path, "train", "--augment", "rotate", "--out", "run");

        Assert.EndsWith(
            "noprop.data.augment = rotate (--augment): must be none or any of flip and crop, as in [flip, crop]",
            result.SingleError(exitCode: 2),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_network_that_is_too_large_for_the_images_is_refused_before_training()
    {
        ProcessResult result = await NopropProcess.RunAsync(folder.Path, "train", "--network", "paper", "--out", "run");

        AssertNames("the paper network needs images of at least 14x14 pixels, these have 8x8; choose another --network or --data", result);
    }

    [Fact]
    public async Task A_download_without_a_network_says_what_to_do()
    {
        Dictionary<string, string> nowhere = new() { ["HTTPS_PROXY"] = "http://127.0.0.1:9", ["HTTP_PROXY"] = "http://127.0.0.1:9" };

        ProcessResult result = await NopropProcess.RunAsync(folder.Path, nowhere, "data", "get", "mnist", "--data-dir", "fetched");

        Assert.Contains("check the network and try again, or put train-images-idx3-ubyte.gz", result.SingleError(exitCode: 1), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_built_in_data_set_need_not_be_downloaded()
    {
        ProcessResult result = await NopropProcess.RunAsync(folder.Path, "data", "get", "digits");

        Assert.Contains("digits is part of the program", result.SingleError(exitCode: 1), StringComparison.Ordinal);
    }

    public void Dispose() => folder.Dispose();

    private Task<ProcessResult> TrainAsync(params string[] more) =>
        NopropProcess.RunAsync(folder.Path, ["train", "--data", "mnist", "--data-dir", "mnist", "--out", "run", .. more]);

    private void AssertNames(string words, ProcessResult result)
    {
        Assert.Contains(words, result.SingleError(exitCode: 1), StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder["run"]), "a run folder is left behind");
    }

    private void Write(string name, byte[] bytes) => folder.Write($"mnist/{name}", bytes);

    private static byte[] Images(int count) => [.. Header(ImagesMagic, (uint)count, 28, 28), .. new byte[count * 784]];

    private static byte[] Labels(int count) => [.. Header(LabelsMagic, (uint)count), .. Enumerable.Range(0, count).Select(i => (byte)(i % 10))];

    private static byte[] Header(params uint[] numbers)
    {
        byte[] bytes = new byte[4 * numbers.Length];
        for (int i = 0; i < numbers.Length; i++)
        {
            BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(4 * i), numbers[i]);
        }

        return bytes;
    }

    private static byte[] Gzip(byte[] bytes)
    {
        using MemoryStream result = new();
        using (GZipStream gzip = new(result, CompressionLevel.Fastest))
        {
            gzip.Write(bytes);
        }

        return result.ToArray();
    }
}
