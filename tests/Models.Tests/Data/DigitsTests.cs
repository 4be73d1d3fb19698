using System.Security.Cryptography;
using NoProp.Models.Data;
using Xunit;
using static TorchSharp.torch;

namespace NoProp.Models.Tests.Data;

public sealed class DigitsTests : IDisposable
{
    private readonly Dataset digits = Digits.Load();

    public void Dispose() => digits.Dispose();

    [Fact]
    public void There_are_1500_training_images() => Assert.Equal([1500, 1, 8, 8], digits.Train.Images.shape);

    [Fact]
    public void There_are_297_test_images() => Assert.Equal([297, 1, 8, 8], digits.Test.Images.shape);

    [Fact]
    public void Every_class_has_its_published_number_of_images()
    {
        int[] counts = new int[10];
        foreach (long label in digits.Train.Labels.data<long>().Concat(digits.Test.Labels.data<long>()))
        {
            counts[label]++;
        }

        Assert.Equal([178, 182, 177, 183, 181, 182, 181, 179, 174, 180], counts);
    }

    [Fact]
    public void Normalised_pixels_reach_from_minus_one_to_one()
    {
        using Tensor input = digits.Normalise(digits.Train.Images);
        using Tensor least = input.min();
        using Tensor most = input.max();

        Assert.Equal((-1f, 1f), (least.item<float>(), most.item<float>()));
    }

    [Fact]
    public void The_split_never_changes()
    {
        // Computed by a second implementation of the generator and the shuffle.
        Assert.Equal(
            "23f03ef9d21ebda3de5d7143e6869f52a23e58006a4f4008092ff5025cfbb41f",
            Convert.ToHexStringLower(SHA256.HashData(digits.Test.Images.bytes)));
    }

    [Fact]
    public void A_limit_keeps_the_first_training_images_and_all_test_images()
    {
        using Dataset few = Digits.Load(trainLimit: 7);

        Assert.Equal(digits.Train.Labels.data<long>().Take(7), few.Train.Labels.data<long>());
        Assert.Equal(297, few.Test.Count);
    }

    [Fact]
    public void A_loaded_set_outlives_the_scope_it_was_loaded_in()
    {
        Dataset loaded;
        using (NewDisposeScope())
        {
            loaded = Digits.Load();
        }

        using (loaded)
        {
            Assert.False(loaded.Train.Images.IsInvalid || loaded.Train.Labels.IsInvalid);
        }
    }
}
