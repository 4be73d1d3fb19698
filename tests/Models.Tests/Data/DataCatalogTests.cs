using NoProp.Models.Data;
using NoProp.Models.Data.Images;
using Xunit;

namespace NoProp.Models.Tests.Data;

public sealed class DataCatalogTests : IDisposable
{
    private const string AllNames = "digits, mnist, fashion-mnist, kmnist, cifar10, cifar100, tiny-imagenet, folder:PATH";

    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("", "")]
    [InlineData("", ".gz")]
    [InlineData("fashion-mnist/", "")]
    [InlineData("fashion-mnist/", ".gz")]
    public void A_set_is_read_from_the_data_folder_or_the_folder_of_its_name(string prefix, string suffix)
    {
        IdxBytes.WriteSet(folder, prefix, suffix);

        using Dataset data = DataCatalog.Load("fashion-mnist", folder.Path);

        Assert.Equal([5, 1, 28, 28], data.Train.Images.shape);
        Assert.Equal([0, 1, 2], data.Test.Labels.data<long>().ToArray());
        Assert.Equal("Ankle boot", data.ClassNames[9]);
    }

    [Fact]
    public void Kuzushiji_MNIST_is_read_from_files_of_the_same_names()
    {
        IdxBytes.WriteSet(folder, "kmnist/", ".gz");

        using Dataset data = DataCatalog.Load("kmnist", folder.Path);

        Assert.Equal((5, "kmnist"), (data.Train.Count, data.Name));
        Assert.Equal(["o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"], data.ClassNames);
    }

    [Theory]
    [InlineData("digits", "digits images are 8x8 and cannot be scaled to 16x16")]
    [InlineData("mnist", "mnist images are 28x28 and cannot be scaled to 16x16")]
    public void A_set_that_has_no_image_files_cannot_be_scaled(string name, string message)
    {
        IdxBytes.WriteSet(folder);
        ImageReading reading = new((_, _, _) => throw new InvalidOperationException(), new ImageSize(16, 16));

        NoPropException e = Assert.Throws<NoPropException>(() => DataCatalog.Load(name, folder.Path, reading: reading));

        Assert.StartsWith(message, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Names_with_a_dot_before_idx_are_found()
    {
        IdxBytes.WriteSet(folder);
        foreach (string name in IdxBytes.FileNames)
        {
            File.Move(folder[name], folder[name.Replace("-idx", ".idx", StringComparison.Ordinal)]);
        }

        Assert.Equal(folder.Path, DataCatalog.FindFolder("mnist", folder.Path));
    }

    [Fact]
    public void Pixels_keep_their_places()
    {
        IdxBytes.WriteSet(folder);

        using Dataset data = DataCatalog.Load("mnist", folder.Path);

        Assert.Equal(IdxBytes.Images(5)[16..], data.Train.Images.data<byte>().ToArray());
    }

    [Theory]
    [InlineData(0, 5)]
    [InlineData(2, 2)]
    [InlineData(9, 5)]
    public void A_limit_keeps_so_many_training_images(int limit, long expected)
    {
        IdxBytes.WriteSet(folder);

        using Dataset data = DataCatalog.Load("mnist", folder.Path, limit);

        Assert.Equal((expected, 3), (data.Train.Count, data.Test.Count));
    }

    [Fact]
    public void A_negative_limit_is_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => DataCatalog.Load("mnist", folder.Path, -1));

    [Fact]
    public void The_digits_need_no_folder()
    {
        using Dataset data = DataCatalog.Load("digits", folder.Path, 3);

        Assert.Equal(3, data.Train.Count);
    }

    [Fact]
    public void Images_of_another_size_are_an_error()
    {
        IdxBytes.WriteSet(folder);
        folder.Write("t10k-images-idx3-ubyte", IdxBytes.Images(3, 32, 32));

        Assert.Contains("expected mnist images of 28x28, found 32x32", Failure("mnist"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_given_folder_is_the_only_place_that_is_searched() =>
        Assert.Equal([folder.Path, folder["mnist"]], DataCatalog.Places("mnist", folder.Path));

    [Fact]
    public void Without_a_given_folder_the_usual_places_are_searched_in_order()
    {
        Dictionary<string, string> environment = new() { ["NOPROP_DATA"] = "sets", ["XDG_CACHE_HOME"] = folder["cache"] };

        Assert.Equal(
            [folder["sets/mnist"], folder["data/mnist"], folder["cache/noprop/mnist"], "/usr/share/datasets/mnist"],
            DataCatalog.PlacesIn("mnist", null, environment.GetValueOrDefault, folder.Path));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("relative")]
    public void Without_a_valid_cache_variable_the_cache_is_in_the_home_folder(string? cache)
    {
        Dictionary<string, string?> environment = new() { ["XDG_CACHE_HOME"] = cache, ["HOME"] = folder.Path };

        Assert.Equal(
            folder[".cache/noprop/mnist"], DataCatalog.PlacesIn("mnist", null, environment.GetValueOrDefault, folder.Path)[1]);
    }

    [Fact]
    public void An_incomplete_folder_does_not_hide_a_complete_one()
    {
        IdxBytes.WriteSet(folder);
        IdxBytes.WriteSet(folder, "mnist/");
        File.Delete(folder[IdxBytes.FileNames[1]]);

        Assert.Equal(folder["mnist"], DataCatalog.FindFolder("mnist", folder.Path));
    }

    [Fact]
    public void What_an_incomplete_folder_lacks_is_said()
    {
        IdxBytes.WriteSet(folder);
        File.Delete(folder[IdxBytes.FileNames[1]]);

        Assert.Contains($"{folder.Path} (lacks train-labels-idx1-ubyte)", Failure("mnist"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_set_that_is_nowhere_tells_where_it_was_looked_for() =>
        Assert.Contains($"{folder.Path}, {folder["mnist"]}", Failure("mnist"), StringComparison.Ordinal);

    [Fact]
    public void A_set_that_is_nowhere_tells_how_to_fetch_it() =>
        Assert.EndsWith(
            "fetch it with `noprop data get fashion-mnist`; on Debian and Ubuntu `sudo apt install dataset-fashion-mnist` is enough",
            Failure("fashion-mnist"),
            StringComparison.Ordinal);

    [Fact]
    public void A_mistyped_name_brings_the_nearest_to_mind() =>
        Assert.Equal(
            "no data set is called 'minst': did you mean mnist? the names are " + AllNames, Failure("minst"));

    [Fact]
    public void A_name_that_is_like_no_other_brings_the_list() =>
        Assert.Equal("no data set is called 'imagenet': the names are " + AllNames, Failure("imagenet"));

    private string Failure(string name) => Assert.Throws<NoPropException>(() => DataCatalog.Load(name, folder.Path)).Message;
}
