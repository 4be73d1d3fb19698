using System.Security.Cryptography;
using System.Text;
using NoProp.Models.Checkpoints;
using Xunit;

namespace NoProp.Models.Tests.Checkpoints;

public class WeightsHashTests
{
    private static readonly Snapshot[] Run = [Samples.Snapshot("block-01", 1), Samples.Snapshot("block-02", 2), Samples.Snapshot("head", 3)];

    [Fact]
    public void The_hash_is_over_names_dtypes_shapes_and_bytes_in_order()
    {
        byte[] expected =
        [
            .. Encoding.UTF8.GetBytes("block-01/weight F32 [2,3]\n"), .. Enumerable.Range(1, 24).Select(i => (byte)i),
            .. Encoding.UTF8.GetBytes("block-01/running U8 [3]\n"), .. Enumerable.Range(49, 3).Select(i => (byte)i),
        ];

        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(expected)), WeightsHash.Sha256([Run[0]]));
    }

    [Fact]
    public void The_order_in_which_snapshots_are_given_does_not_matter()
    {
        Assert.Equal(WeightsHash.Sha256(Run), WeightsHash.Sha256(Run.Reverse()));
    }

    [Fact]
    public void One_changed_weight_changes_the_hash()
    {
        Assert.NotEqual(WeightsHash.Sha256(Run), WeightsHash.Sha256([.. Run[..2], Changed(Run[2], "weight")]));
    }

    [Fact]
    public void A_changed_running_statistic_changes_the_hash()
    {
        Assert.NotEqual(WeightsHash.Sha256(Run), WeightsHash.Sha256([.. Run[..2], Changed(Run[2], "running")]));
    }

    [Fact]
    public void A_changed_optimiser_moment_does_not_change_the_hash()
    {
        Assert.Equal(WeightsHash.Sha256(Run), WeightsHash.Sha256([.. Run[..2], Changed(Run[2], "optimizer.m")]));
    }

    [Fact]
    public void Clocks_do_not_change_the_hash()
    {
        Assert.Equal(WeightsHash.Sha256(Run), WeightsHash.Sha256(Run.Select(snapshot => snapshot with { Clock = 99 })));
    }

    [Fact]
    public void Metadata_do_not_change_the_hash()
    {
        (byte[] plain, _) = Safetensors.Allocate([("w", "F32", [2])], Samples.NoMetadata);
        (byte[] described, _) = Safetensors.Allocate([("w", "F32", [2])], new Dictionary<string, string> { ["clock"] = "7" });

        Assert.Equal(WeightsHash.Sha256([new Snapshot("head", 1, plain)]), WeightsHash.Sha256([new Snapshot("head", 1, described)]));
    }

    [Fact]
    public void Two_blocks_that_change_places_change_the_hash()
    {
        Assert.NotEqual(
            WeightsHash.Sha256(Run),
            WeightsHash.Sha256([Run[0] with { Name = "block-02" }, Run[1] with { Name = "block-01" }, Run[2]]));
    }

    [Fact]
    public void Two_tensors_that_exchange_their_names_change_the_hash()
    {
        Snapshot one = new("head", 1, Samples.File([("a", "F32", [2]), ("b", "F32", [2])]));
        Snapshot other = new("head", 1, Samples.File([("b", "F32", [2]), ("a", "F32", [2])]));

        Assert.NotEqual(WeightsHash.Sha256([one]), WeightsHash.Sha256([other]));
    }

    private static Snapshot Changed(Snapshot snapshot, string tensor)
    {
        byte[] bytes = snapshot.Safetensors.ToArray();
        SafetensorsFile file = SafetensorsFile.Parse(bytes, snapshot.Name);
        int dataOffset = bytes.Length - file.Entries.Values.Sum(entry => entry.Length);
        bytes[dataOffset + file.Entries[tensor].Offset] ^= 1;
        return snapshot with { Safetensors = bytes };
    }
}
