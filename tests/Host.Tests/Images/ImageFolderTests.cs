using NoProp.Actors.Hosting;
using NoProp.Host.Images;
using NoProp.Host.Tests.Processes;
using NoProp.Models;
using NoProp.Models.Data;
using SkiaSharp;
using Xunit;

namespace NoProp.Host.Tests.Images;

/// <summary>Folders of real PNG and JPEG files as data sets.</summary>
public sealed class ImageFolderTests : IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void The_split_of_the_folder_is_kept()
    {
        WriteSplit();

        using Dataset data = Load();

        Assert.Equal(["cat", "dog"], data.ClassNames);
        Assert.Equal((7, 3), (data.Train.Count, data.Test.Count));
        Assert.Equal([0, 1, 1], data.Test.Labels.data<long>().ToArray());
        Assert.Equal([200, 210, 211], Values(data.Test));
    }

    [Fact]
    public void Each_image_keeps_its_class()
    {
        WriteSplit();

        using Dataset data = Load();

        Assert.All(Values(data.Train).Zip(data.Train.Labels.data<long>()), pair => Assert.Equal(pair.First < 100 ? 0 : 1, pair.Second));
        Assert.Equal((byte[])[10, 11, 12, 100, 101, 102, 103], Values(data.Train).Order());
    }

    [Fact]
    public void Without_a_split_a_fifth_of_each_class_is_for_the_test()
    {
        ImageSamples.WriteGreys(folder, "a", 10, first: 0);
        ImageSamples.WriteGreys(folder, "b", 5, first: 100);

        using Dataset data = Load();

        Assert.Equal((12, 3), (data.Train.Count, data.Test.Count));
        Assert.Equal([0, 0, 1], data.Test.Labels.data<long>().ToArray());
        Assert.Equal(15, Values(data.Train).Concat(Values(data.Test)).Distinct().Count());
    }

    [Fact]
    public void Two_readings_give_the_same_images_in_the_same_order()
    {
        ImageSamples.WriteGreys(folder, "a", 10, first: 0);
        ImageSamples.WriteGreys(folder, "b", 10, first: 100);

        using Dataset one = Load();
        using Dataset another = Load();

        Assert.Equal([.. Values(one.Train), .. Values(one.Test)], (byte[])[.. Values(another.Train), .. Values(another.Test)]);
    }

    [Fact]
    public void The_first_images_of_a_limit_are_of_several_classes()
    {
        ImageSamples.WriteGreys(folder, "a", 20, first: 0);
        ImageSamples.WriteGreys(folder, "b", 20, first: 100);

        using Dataset data = Load(limit: 10);
        using Dataset all = Load();

        Assert.Equal((10, 8), (data.Train.Count, data.Test.Count));
        Assert.Equal(2, data.Train.Labels.data<long>().Distinct().Count());
        Assert.Equal(Values(all.Train).Take(10), Values(data.Train));
    }

    [Fact]
    public void Images_without_colour_have_one_channel()
    {
        WriteSplit();
        folder.Write("train/cat/rgb.png", ImageSamples.Colour(50, 50, 50));
        folder.Write("train/cat/grey.jpeg", ImageSamples.Grey(60, format: SKEncodedImageFormat.Jpeg));

        using Dataset data = Load();

        Assert.Equal(new ImageShape(1, 8, 8), data.Shape);
        Assert.Equal([9, 1, 8, 8], data.Train.Images.shape);
    }

    [Fact]
    public void One_image_with_colour_gives_all_of_them_three_channels()
    {
        WriteSplit();
        folder.Write("test/cat/99.PNG", ImageSamples.Colour(1, 2, 3));

        using Dataset data = Load();

        Assert.Equal(new ImageShape(3, 8, 8), data.Shape);
        Assert.Equal([.. Enumerable.Repeat((byte)200, 192), .. new byte[] { 1, 2, 3 }.SelectMany(value => Enumerable.Repeat(value, 64))], data.Test.Images.data<byte>().Take(384));
    }

    [Fact]
    public void Images_that_are_wider_than_high_are_read_row_by_row()
    {
        using SKBitmap bitmap = new(3, 2, SKColorType.Rgba8888, SKAlphaType.Opaque);
        for (int i = 0; i < 6; i++)
        {
            bitmap.SetPixel(i % 3, i / 3, new SKColor((byte)i, (byte)(10 + i), (byte)(20 + i)));
        }

        using SKData png = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        folder.Write("train/a/0.png", png.ToArray());
        folder.Write("train/b/0.png", png.ToArray());
        folder.Write("test/a/0.png", png.ToArray());

        using Dataset data = Load();

        Assert.Equal(new ImageShape(3, 2, 3), data.Shape);
        Assert.Equal([0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15, 20, 21, 22, 23, 24, 25], data.Test.Images.data<byte>().ToArray());
    }

    [Fact]
    public void Other_files_are_left_alone()
    {
        WriteSplit();
        folder.Write("train/cat/notes.txt", [1]);
        folder.Write("train/cat/.hidden.png", [1]);
        folder.Write("train/.cache/x.png", [1]);
        folder.Write("README", [1]);

        using Dataset data = Load();

        Assert.Equal((2, 7), (data.Classes, data.Train.Count));
    }

    [Fact]
    public void Images_of_several_sizes_are_scaled_where_a_size_is_given()
    {
        WriteSplit();
        folder.Write("train/cat/odd.png", ImageSamples.Grey(90, height: 20, width: 30));

        using Dataset data = Load(size: new ImageSize(6, 5));

        Assert.Equal([8, 1, 6, 5], data.Train.Images.shape);
        Assert.Contains((byte)90, Values(data.Train));
    }

    [Fact]
    public void A_folder_is_found_in_the_data_folder_or_is_that_folder()
    {
        ImageSamples.WriteGreys(folder, "pets/a", 5, first: 0);
        ImageSamples.WriteGreys(folder, "pets/b", 5, first: 100);

        using Dataset inside = RunData.Load(new DataSettings("folder:pets", folder.Path, 0));
        using Dataset moved = RunData.Load(new DataSettings("folder:gone/pets", folder["pets"], 0));

        Assert.Equal((8, 8), (inside.Train.Count, moved.Train.Count));
    }

    [Theory]
    [InlineData("folder:/data/my pets/", "my pets")]
    [InlineData("folder:/", "folder")]
    [InlineData("mnist", "mnist")]
    public void A_run_is_named_by_the_folders_name(string name, string expected) =>
        Assert.Equal(expected, RunData.ShortName(new DataSettings(name, null, 0)));

    [Fact]
    public void The_first_image_of_another_size_is_named()
    {
        WriteSplit();
        folder.Write("train/dog/98.png", ImageSamples.Grey(1, height: 9));
        folder.Write("train/dog/99.png", ImageSamples.Grey(1, height: 10));

        Assert.Equal(
            $"{folder["train/dog/98.png"]}: expected 8x8 pixels as in {folder["train/cat/00.png"]}, found 9x8; scale all images to one size, for example with --image-size 8x8",
            Failure());
    }

    [Theory]
    [InlineData("cut.png", SKEncodedImageFormat.Png)]
    [InlineData("cut.jpg", SKEncodedImageFormat.Jpeg)]
    public void A_truncated_image_is_named(string name, SKEncodedImageFormat format)
    {
        WriteSplit();
        byte[] whole = ImageSamples.Noise(format);
        folder.Write($"train/cat/{name}", whole[..(whole.Length / 2)]);

        Assert.StartsWith($"{folder[$"train/cat/{name}"]} is damaged", Failure(new ImageSize(8, 8)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    public void A_file_that_is_no_image_is_named(int bytes)
    {
        WriteSplit();
        folder.Write("test/dog/99.jpg", new byte[bytes]);

        Assert.Equal($"{folder["test/dog/99.jpg"]} is no picture that can be read: use PNG or JPEG", Failure());
    }

    [Fact]
    public void An_empty_class_folder_is_named()
    {
        WriteSplit();
        Directory.CreateDirectory(folder["train/bird"]);

        Assert.Equal($"{folder["train/bird"]}: expected PNG or JPEG images of this class, found none; add some or take the folder away", Failure());
    }

    [Fact]
    public void A_class_that_is_only_tested_is_named()
    {
        WriteSplit();
        ImageSamples.WriteGreys(folder, "test/bird", 1, first: 0);

        Assert.StartsWith($"{folder["test/bird"]}: expected a class that train has too, found a new one", Failure(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_training_set_without_a_test_set_is_named()
    {
        WriteSplit();
        Directory.Delete(folder["test"], recursive: true);

        Assert.StartsWith($"{folder["test"]}: expected folders of test images beside those in train, found none", Failure(), StringComparison.Ordinal);
    }

    [Fact]
    public void Too_few_images_for_a_test_set_are_named()
    {
        ImageSamples.WriteGreys(folder, "a", 4, first: 0);
        ImageSamples.WriteGreys(folder, "b", 4, first: 100);

        Assert.StartsWith($"{folder.Path}: expected at least 5 images in a class", Failure(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_without_classes_is_named() =>
        Assert.Equal($"{folder.Path}: expected a folder of images for each of at least 2 classes, found 0; make one for each class", Failure());

    [Fact]
    public void A_folder_that_does_not_exist_is_named()
    {
        NoPropException e = Assert.Throws<NoPropException>(() => RunData.Load(new DataSettings($"folder:{folder["gone"]}", null, 0)));

        Assert.Equal($"there is no folder {folder["gone"]}: name one that has a folder of images for each class", e.Message);
    }

    private void WriteSplit()
    {
        ImageSamples.WriteGreys(folder, "train/cat", 3, first: 10);
        ImageSamples.WriteGreys(folder, "train/dog", 4, first: 100);
        ImageSamples.WriteGreys(folder, "test/cat", 1, first: 200);
        ImageSamples.WriteGreys(folder, "test/dog", 2, first: 210);
    }

    /// <summary>The first pixel of each image.</summary>
    private static byte[] Values(ImageSplit split)
    {
        byte[] pixels = [.. split.Images.data<byte>()];
        return [.. pixels.Chunk(pixels.Length / (int)split.Count).Select(image => image[0])];
    }

    private Dataset Load(ImageSize? size = null, int limit = 0) => RunData.Load(new DataSettings($"folder:{folder.Path}", null, limit, size));

    private string Failure(ImageSize? size = null) => Assert.Throws<NoPropException>(() => Load(size)).Message;
}
