using System.Buffers.Binary;
using NoProp.Models.Checkpoints;
using Xunit;

namespace NoProp.Models.Tests.Checkpoints;

public class SafetensorsTests
{
    private static readonly (string Name, string Dtype, long[] Shape)[] Tensors =
        [("weight", "F32", [2, 3]), ("empty", "F32", [0, 4]), ("scalar", "I64", []), ("mask", "U8", [5])];

    [Fact]
    public void What_is_written_is_what_is_read()
    {
        byte[] bytes = Samples.File(Tensors);

        SafetensorsFile file = SafetensorsFile.Parse(bytes, "f");

        Assert.Equal(Tensors.Select(t => (t.Name, t.Dtype, string.Join(',', t.Shape))),
            file.Entries.Values.Select(e => (e.Name, e.Dtype, string.Join(',', e.Shape))));
    }

    [Fact]
    public void Each_tensor_gets_the_bytes_at_its_place()
    {
        SafetensorsFile file = SafetensorsFile.Parse(Samples.File(Tensors, fill: 1), "f");

        Assert.Equal(Enumerable.Range(33, 5).Select(i => (byte)i), file.Data("mask").ToArray());
    }

    [Fact]
    public void Metadata_come_back_unchanged()
    {
        Dictionary<string, string> metadata = new() { ["b"] = "line\nfeed \"quote\" é", ["a"] = "" };
        (byte[] bytes, _) = Safetensors.Allocate(Tensors, metadata);

        Assert.Equal(metadata, SafetensorsFile.Parse(bytes, "f").Metadata);
    }

    [Fact]
    public void A_file_without_tensors_or_metadata_is_whole()
    {
        (byte[] bytes, _) = Safetensors.Allocate([], Samples.NoMetadata);

        Assert.Empty(SafetensorsFile.Parse(bytes, "f").Entries);
    }

    [Fact]
    public void Equal_contents_give_equal_bytes_whatever_the_order_of_the_metadata()
    {
        (byte[] ab, _) = Safetensors.Allocate(Tensors, new Dictionary<string, string> { ["a"] = "1", ["b"] = "2" });
        (byte[] ba, _) = Safetensors.Allocate(Tensors, new Dictionary<string, string> { ["b"] = "2", ["a"] = "1" });

        Assert.Equal(ab, ba);
    }

    [Fact]
    public void The_bytes_are_those_of_the_published_format()
    {
        (byte[] bytes, int offset) = Safetensors.Allocate([("w", "F32", [1, 2])], new Dictionary<string, string> { ["k"] = "v" });

        string header = """{"__metadata__":{"k":"v"},"w":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}}""";
        string padded = header.PadRight((header.Length + 7) / 8 * 8);
        Assert.Equal(Samples.Raw(padded, 8), bytes);
        Assert.Equal(8 + padded.Length, offset);
    }

    [Fact]
    public void Data_begin_at_a_multiple_of_eight_for_every_header_length()
    {
        Assert.All(Enumerable.Range(1, 16), length =>
            Assert.Equal(0, Safetensors.Allocate([(new string('n', length), "U8", [1])], Samples.NoMetadata).DataOffset % 8));
    }

    [Fact]
    public void Tensors_are_listed_in_data_order_whatever_the_order_in_the_header()
    {
        byte[] bytes = Samples.Raw(
            """{"second":{"dtype":"U8","shape":[2],"data_offsets":[1,3]},"first":{"shape":[1],"data_offsets":[0,1],"dtype":"U8"}}""", 3);

        Assert.Equal(["first", "second"], SafetensorsFile.Parse(bytes, "f").Entries.Keys);
    }

    [Fact]
    public void A_missing_tensor_is_named_with_the_file()
    {
        string error = Samples.Error(() => SafetensorsFile.Parse(Samples.File(Tensors), "runs/f").Data("bias"));

        Assert.StartsWith("runs/f has no tensor 'bias'", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"w":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}""", "not JSON")]
    [InlineData("[]", "not a JSON object")]
    [InlineData("", "not JSON")]
    [InlineData("""{"w":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"w":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}""", "'w' appears twice")]
    [InlineData("""{"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},"b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}""", "'b' overlaps")]
    [InlineData("""{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}""", "'b' leaves a gap")]
    [InlineData("""{"w":{"dtype":"U8","shape":[3],"data_offsets":[0,3]}}""", "cover 3 of 4")]
    [InlineData("{}", "cover 0 of 4")]
    [InlineData("""{"w":{"dtype":"U8","shape":[5],"data_offsets":[0,5]}}""", "claims bytes 0 to 5 of 4")]
    [InlineData("""{"w":{"dtype":"U8","shape":[4],"data_offsets":[4,0]}}""", "claims bytes 4 to 0 of 4")]
    [InlineData("""{"w":{"dtype":"U8","shape":[4],"data_offsets":[-4,0]}}""", "not two whole numbers")]
    [InlineData("""{"w":{"dtype":"U8","shape":[4],"data_offsets":[0,9223372036854775807]}}""", "claims bytes 0 to 9223372036854775807")]
    [InlineData("""{"w":{"dtype":"U8","shape":[4],"data_offsets":[0,9223372036854775808]}}""", "not two whole numbers")]
    [InlineData("""{"w":{"dtype":"U8","shape":[4],"data_offsets":[0,2,4]}}""", "not two whole numbers")]
    [InlineData("""{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}""", "shape and dtype")]
    [InlineData("""{"w":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]}}""", "shape and dtype")]
    [InlineData("""{"w":{"dtype":"U8","shape":[-2,-2],"data_offsets":[0,4]}}""", "not a list of sizes")]
    [InlineData("""{"w":{"dtype":"U8","shape":4,"data_offsets":[0,4]}}""", "not a list of sizes")]
    [InlineData("""{"w":{"dtype":"U8","shape":[4.5],"data_offsets":[0,4]}}""", "not a list of sizes")]
    [InlineData("""{"w":{"dtype":"F33","shape":[1],"data_offsets":[0,4]}}""", "unknown dtype")]
    [InlineData("""{"w":{"dtype":32,"shape":[1],"data_offsets":[0,4]}}""", "unknown dtype")]
    [InlineData("""{"w":{"dtype":"F32","shape":[1]}}""", "exactly dtype, shape and data_offsets")]
    [InlineData("""{"w":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", "exactly dtype, shape and data_offsets")]
    [InlineData("""{"w":null}""", "exactly dtype, shape and data_offsets")]
    [InlineData("""{"__metadata__":[]}""", "__metadata__ is not a JSON object")]
    [InlineData("""{"__metadata__":{"k":1}}""", "entry 'k'")]
    [InlineData("""{"__metadata__":{"k":"1","k":"2"}}""", "entry 'k'")]
    [InlineData("""{"__metadata__":{},"__metadata__":{}}""", "'__metadata__' appears twice")]
    [InlineData("""{"\ud800":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", "not valid Unicode")]
    public void A_header_that_does_not_describe_the_data_is_refused_with_its_reason(string header, string reason)
    {
        string error = Samples.Error(() => SafetensorsFile.Parse(Samples.Raw(header, 4), "f"));

        Assert.Contains(reason, error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(-1, "is negative")]
    [InlineData(long.MinValue, "is negative")]
    [InlineData(1000, "exceeds the 4 bytes that follow")]
    [InlineData(100_000_001, "exceeds the format's limit")]
    [InlineData(long.MaxValue, "exceeds the format's limit")]
    public void A_header_length_that_cannot_be_true_is_refused_with_its_reason(long length, string reason)
    {
        byte[] bytes = new byte[12];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, length);

        Assert.Contains(reason, Samples.Error(() => SafetensorsFile.Parse(bytes, "f")), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_file_that_is_cut_short_is_refused()
    {
        byte[] bytes = Samples.File(Tensors);

        Assert.All(Enumerable.Range(0, bytes.Length), length =>
            Assert.Throws<NoPropException>(() => SafetensorsFile.Parse(bytes.AsMemory(0, length), "f")));
    }

    [Fact]
    public void Bytes_after_the_last_tensor_are_refused()
    {
        Assert.Throws<NoPropException>(() => SafetensorsFile.Parse((byte[])[.. Samples.File(Tensors), 0], "f"));
    }

    [Fact]
    public void An_error_names_the_source()
    {
        Assert.StartsWith("block 3 from worker 2 ", Samples.Error(() => SafetensorsFile.Parse(new byte[3], "block 3 from worker 2")), StringComparison.Ordinal);
    }

    [Fact]
    public void An_error_about_a_hostile_name_stays_one_short_line()
    {
        byte[] bytes = Samples.Raw("{\"" + new string('n', 5000) + "\\n\\u001b[31m\":null}", 0);

        string error = Samples.Error(() => SafetensorsFile.Parse(bytes, "f"));

        Assert.True(error.Length < 300 && !error.Any(char.IsControl), error);
    }

    [Theory]
    [InlineData("w", "F33", 1)]
    [InlineData("w", "F32", -1)]
    [InlineData("taken", "F32", 1)]
    [InlineData("__metadata__", "F32", 1)]
    public void A_file_that_could_not_be_read_back_is_not_written(string name, string dtype, long size)
    {
        Assert.Throws<ArgumentException>(() => Safetensors.Allocate([("taken", "U8", [1]), (name, dtype, [size])], Samples.NoMetadata));
    }

    [Theory]
    [InlineData(3_000_000_000, 1)]
    [InlineData(long.MaxValue, 2)]
    public void Tensors_that_do_not_fit_one_file_are_refused_before_memory_is_taken(long size, int count)
    {
        (string, string, long[])[] tensors = [.. Enumerable.Range(0, count).Select(i => ($"w{i}", "U8", new long[] { size }))];

        Assert.Throws<NoPropException>(() => Safetensors.Allocate(tensors, Samples.NoMetadata));
    }
}
