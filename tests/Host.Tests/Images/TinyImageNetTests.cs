using System.IO.Compression;
using System.Text;
using NoProp.Actors.Hosting;
using NoProp.Host.Images;
using NoProp.Host.Tests.Processes;
using NoProp.Models;
using NoProp.Models.Data;
using SkiaSharp;
using Xunit;

namespace NoProp.Host.Tests.Images;

/// <summary>Tiny ImageNet in the layout of its authors, with three classes and few images.</summary>
public sealed class TinyImageNetTests : IDisposable
{
    private const string Top = "tiny-imagenet-200";
    private const string Annotations = $"{Top}/val/val_annotations.txt";

    private readonly TempFolder folder = new();

    public TinyImageNetTests()
    {
        Write("wnids.txt", "n02\nn01\nn03\n");
        Write("words.txt", "n00\tentity\nn01\tgoldfish, Carassius auratus\nn02\tcrane\nn03\tcrane, bird\n");
        for (int label = 0; label < 3; label++)
        {
            string id = ((string[])["n02", "n01", "n03"])[label];
            Write($"train/{id}/{id}_boxes.txt", $"{id}_0.JPEG\t0\t0\t9\t9\n");
            for (int i = 0; i < 2; i++)
            {
                folder.Write($"{Top}/train/{id}/images/{id}_{i}.JPEG", ImageSamples.Colour((byte)(40 * (1 + label)), 0, 200, 16, 16, SKEncodedImageFormat.Jpeg));
            }
        }

        folder.Write($"{Top}/val/images/val_0.JPEG", ImageSamples.Grey(77, 16, 16, SKEncodedImageFormat.Jpeg));
        folder.Write($"{Top}/val/images/val_1.JPEG", ImageSamples.Colour(255, 0, 0, 16, 16, SKEncodedImageFormat.Jpeg));
        Write("val/val_annotations.txt", "val_1.JPEG\tn03\t0\t32\t44\t62\nval_0.JPEG\tn01\t52\t55\t57\t59\n");
        folder.Write($"{Top}/test/images/test_0.JPEG", ImageSamples.Grey(1, 16, 16, SKEncodedImageFormat.Jpeg));
    }

    public void Dispose() => folder.Dispose();

    [Fact]
    public void The_unpacked_folder_is_read() => AssertLoaded();

    [Fact]
    public void The_archive_is_read_as_it_is()
    {
        Zip();

        AssertLoaded();
    }

    [Fact]
    public void Grey_images_become_RGB()
    {
        using Dataset data = Load();

        byte[] grey = [.. data.Test.Images.data<byte>().Skip(3 * 256)];
        Assert.Equal(3 * 256, grey.Length);
        Assert.All(grey, value => Assert.Equal(77, value));
    }

    [Fact]
    public void Images_are_scaled_where_a_size_is_given()
    {
        using Dataset data = Load(new ImageSize(8, 8));

        Assert.Equal([6, 3, 8, 8], data.Train.Images.shape);
    }

    [Fact]
    public void A_set_that_is_nowhere_tells_where_to_get_it()
    {
        Directory.Delete(folder[Top], recursive: true);

        Assert.StartsWith(
            $"tiny-imagenet was not found in {folder.Path}, {folder["tiny-imagenet"]}: download tiny-imagenet-200.zip from ", Failure(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("n99", "val_0.JPEG\tn99\t0")]
    [InlineData("a way out", "../../x.JPEG\tn01\t0")]
    [InlineData("one column", "val_0.JPEG")]
    public void A_bad_annotation_is_named(string what, string line)
    {
        Write("val/val_annotations.txt", $"val_1.JPEG\tn03\t0\t32\t44\t62\n{line}\n");

        Assert.StartsWith(
            $"{folder[Annotations]}: expected a file and the id of its class, found '{line}' at line 2; ", Failure(), StringComparison.Ordinal);
        Assert.NotEmpty(what);
    }

    [Theory]
    [InlineData("words.txt")]
    [InlineData("val/val_annotations.txt")]
    [InlineData("val/images/val_0.JPEG")]
    public void A_missing_file_is_named(string name)
    {
        File.Delete(folder[$"{Top}/{name}"]);

        Assert.StartsWith($"{folder[$"{Top}/{name}"]}: expected a file, found nothing; ", Failure(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_class_without_a_name_is_named()
    {
        Write("words.txt", "n02\tcrane\nn03\tcrane\n");

        Assert.StartsWith($"{folder[$"{Top}/words.txt"]}: expected a name for the class n01, found none; ", Failure(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_class_without_images_is_named()
    {
        Directory.Delete(folder[$"{Top}/train/n01"], recursive: true);

        Assert.StartsWith($"{folder[$"{Top}/train/n01/images"]}: expected the images of a class, found none; ", Failure(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_damaged_image_in_the_archive_is_named()
    {
        folder.Write($"{Top}/train/n01/images/n01_1.JPEG", [1, 2, 3]);
        Zip();

        Assert.Equal($"train/n01/images/n01_1.JPEG in {folder[$"{Top}.zip"]} is no picture that can be read: use PNG or JPEG", Failure());
    }

    [Fact]
    public void A_cut_archive_is_named()
    {
        Zip();
        byte[] whole = File.ReadAllBytes(folder[$"{Top}.zip"]);
        folder.Write($"{Top}.zip", whole[..(whole.Length / 2)]);

        Assert.StartsWith($"{folder[$"{Top}.zip"]}: expected a zip archive, found damage", Failure(), StringComparison.Ordinal);
    }

    [Fact]
    public void An_archive_of_something_else_is_named()
    {
        File.Delete(folder[$"{Top}/wnids.txt"]);
        Zip();

        Assert.StartsWith($"{folder[$"{Top}.zip"]}: expected wnids.txt in it, found none; ", Failure(), StringComparison.Ordinal);
    }

    private void AssertLoaded()
    {
        using Dataset data = Load();

        Assert.Equal(["crane (n02)", "goldfish", "crane (n03)"], data.ClassNames);
        Assert.Equal([6, 3, 16, 16], data.Train.Images.shape);
        Assert.Equal([0, 0, 1, 1, 2, 2], data.Train.Labels.data<long>().Order());
        Assert.Equal([2, 1], data.Test.Labels.data<long>().ToArray());
        byte[] train = [.. data.Train.Images.data<byte>()];
        Assert.All(data.Train.Labels.data<long>().ToArray(), (label, i) => Assert.InRange(train[i * 3 * 256] - (40 * (1 + (int)label)), -4, 4));
    }

    private void Write(string name, string text) => folder.Write($"{Top}/{name}", Encoding.UTF8.GetBytes(text));

    private void Zip()
    {
        ZipFile.CreateFromDirectory(folder[Top], folder[$"{Top}.zip"], CompressionLevel.Fastest, includeBaseDirectory: true);
        Directory.Delete(folder[Top], recursive: true);
    }

    private Dataset Load(ImageSize? size = null) => RunData.Load(new DataSettings("tiny-imagenet", folder.Path, 0, size));

    private string Failure() => Assert.Throws<NoPropException>(() => Load()).Message;
}
