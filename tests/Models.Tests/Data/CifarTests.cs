using System.Text;
using NoProp.Models.Data;
using Xunit;

namespace NoProp.Models.Tests.Data;

public sealed class CifarTests : IDisposable
{
    private const string Folder10 = "cifar-10-batches-bin";
    private const string Archive10 = "cifar-10-binary.tar.gz";

    private readonly TempFolder folder = new();
    private readonly Dictionary<string, byte[]> ten = CifarFiles.Ten();
    private readonly Dictionary<string, byte[]> hundred = CifarFiles.Hundred();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("")]
    [InlineData(Folder10)]
    [InlineData("cifar10/" + Folder10)]
    public void CIFAR_10_is_read_from_the_unpacked_folder(string place)
    {
        CifarFiles.WriteFolder(folder, place, ten);

        AssertTen();
    }

    [Theory]
    [InlineData("")]
    [InlineData("cifar10/")]
    public void CIFAR_10_is_read_from_the_archive_as_it_is(string place)
    {
        folder.Write(place + Archive10, CifarFiles.TarGz(Folder10, ten));

        AssertTen();
    }

    [Fact]
    public void An_incomplete_folder_does_not_hide_the_archive_beside_it()
    {
        ten.Remove("data_batch_3.bin", out byte[]? taken);
        CifarFiles.WriteFolder(folder, Folder10, ten);
        ten["data_batch_3.bin"] = taken!;
        folder.Write(Archive10, CifarFiles.TarGz(Folder10, ten));

        AssertTen();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void CIFAR_100_has_the_fine_classes(bool archive)
    {
        if (archive)
        {
            folder.Write("cifar-100-binary.tar.gz", CifarFiles.TarGz("cifar-100-binary", hundred));
        }
        else
        {
            CifarFiles.WriteFolder(folder, "cifar-100-binary", hundred);
        }

        using Dataset data = DataCatalog.Load("cifar100", folder.Path);

        Assert.Equal([6, 3, 32, 32], data.Train.Images.shape);
        Assert.Equal([99, 98, 97, 96, 95, 94], data.Train.Labels.data<long>().ToArray());
        Assert.Equal((100, "fine99"), (data.Classes, data.ClassNames[99]));
        Assert.Equal(CifarFiles.Image(0), data.Train.Images.data<byte>().Take(CifarFiles.Pixels));
    }

    [Fact]
    public void A_limit_reaches_across_files()
    {
        CifarFiles.WriteFolder(folder, "", ten);

        using Dataset data = DataCatalog.Load("cifar10", folder.Path, trainLimit: 5);

        Assert.Equal([0, 1, 2, 3, 4], data.Train.Labels.data<long>().ToArray());
        Assert.Equal(3, data.Test.Count);
    }

    [Fact]
    public void A_missing_file_is_named()
    {
        ten.Remove("data_batch_3.bin");
        CifarFiles.WriteFolder(folder, "", ten);

        Assert.Contains($"{folder.Path} (lacks data_batch_3.bin)", Failure(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_the_archive_lacks_is_named()
    {
        ten.Remove("data_batch_3.bin");
        folder.Write(Archive10, CifarFiles.TarGz(Folder10, ten));

        Assert.StartsWith($"{folder[Archive10]}: expected data_batch_3.bin in it, found none; ", Failure(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(-1, 6145)]
    [InlineData(1, 6147)]
    [InlineData(-6146, 0)]
    public void A_file_of_another_length_is_named(int more, int length)
    {
        byte[] bytes = ten["data_batch_2.bin"];
        Array.Resize(ref bytes, bytes.Length + more);
        ten["data_batch_2.bin"] = bytes;
        CifarFiles.WriteFolder(folder, "", ten);

        Assert.StartsWith(
            $"{folder["data_batch_2.bin"]}: expected images of 3073 bytes each, found {length} bytes, which are not a whole number of them; replace it with a good copy",
            Failure(),
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_label_out_of_range_is_named()
    {
        ten["test_batch.bin"][3073] = 10;
        CifarFiles.WriteFolder(folder, "", ten);

        Assert.StartsWith($"{folder["test_batch.bin"]}: expected labels from 0 to 9, found 10 at image 1; ", Failure(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, "expected labels from 0 to 19, found 100 at image 0")]
    [InlineData(1, "expected labels from 0 to 99, found 100 at image 0")]
    public void A_label_of_CIFAR_100_out_of_range_is_named(int place, string message)
    {
        hundred["train.bin"][place] = 100;
        CifarFiles.WriteFolder(folder, "", hundred);

        Assert.StartsWith($"{folder["train.bin"]}: {message}", Failure("cifar100"), StringComparison.Ordinal);
    }

    [Fact]
    public void Missing_class_names_are_named()
    {
        ten.Remove("batches.meta.txt");
        CifarFiles.WriteFolder(folder, "", ten);

        Assert.StartsWith($"{folder["batches.meta.txt"]}: expected a file, found nothing; ", Failure(), StringComparison.Ordinal);
    }

    [Fact]
    public void Too_few_class_names_are_named()
    {
        ten["batches.meta.txt"] = Encoding.UTF8.GetBytes("airplane\ncat\n");
        CifarFiles.WriteFolder(folder, "", ten);

        Assert.StartsWith($"{folder["batches.meta.txt"]}: expected 10 class names, one a line, found 2; ", Failure(), StringComparison.Ordinal);
    }

    [Fact]
    public void An_archive_cut_anywhere_is_refused()
    {
        byte[] whole = CifarFiles.TarGz(Folder10, ten);
        foreach (int length in (int[])[0, 1, 10, whole.Length / 2, whole.Length - 20, whole.Length - 8, whole.Length - 4, whole.Length - 1])
        {
            folder.Write(Archive10, whole[..length]);

            AssertOneLine(Failure());
        }
    }

    [Fact]
    public void An_archive_with_a_changed_byte_anywhere_is_refused_or_holds_the_same_images()
    {
        byte[] whole = CifarFiles.TarGz(Folder10, ten);
        for (int at = 10; at < whole.Length; at += 97)
        {
            byte[] damaged = [.. whole];
            damaged[at] ^= 0x10;
            folder.Write(Archive10, damaged);

            // A few bits of a gzip file mean nothing.
            if (Record.Exception(AssertTen) is { } refused)
            {
                AssertOneLine(Assert.IsType<NoPropException>(refused).Message);
            }
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_is_no_archive_is_refused(bool gzip)
    {
        byte[] text = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("a login page ", 100)));
        folder.Write(Archive10, gzip ? IdxBytes.Gzip(text) : text);

        AssertOneLine(Failure());
    }

    [Fact]
    public void A_set_that_is_nowhere_tells_how_to_fetch_it() =>
        Assert.EndsWith("cifar10: fetch it with `noprop data get cifar10`", Failure(), StringComparison.Ordinal);

    private void AssertTen()
    {
        using Dataset data = DataCatalog.Load("cifar10", folder.Path);

        Assert.Equal(new ImageShape(3, 32, 32), data.Shape);
        Assert.Equal([10, 3, 32, 32], data.Train.Images.shape);
        Assert.Equal(Enumerable.Range(0, 10).SelectMany(CifarFiles.Image), data.Train.Images.data<byte>());
        Assert.Equal([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], data.Train.Labels.data<long>().ToArray());
        Assert.Equal([0, 1, 2], data.Test.Labels.data<long>().ToArray());
        Assert.Equal((10, "truck"), (data.Classes, data.ClassNames[9]));
    }

    private void AssertOneLine(string message)
    {
        Assert.StartsWith($"{folder[Archive10]}: ", message, StringComparison.Ordinal);
        Assert.Contains("; replace it with a good copy", message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    private string Failure(string name = "cifar10") => Assert.Throws<NoPropException>(() => DataCatalog.Load(name, folder.Path)).Message;
}
