using NoProp.Models.Data;
using Xunit;

namespace NoProp.Models.Tests.Data;

public sealed class IdxTests : IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Plain_files_are_read()
    {
        IdxSplit split = Read(IdxBytes.Images(3, 2, 4), IdxBytes.Labels(3));

        Assert.Equal((2, 4), (split.Rows, split.Columns));
        Assert.Equal([0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2], split.Pixels);
        Assert.Equal([0, 1, 2], split.Labels);
    }

    [Fact]
    public void Gzip_is_recognised_by_its_first_bytes_whatever_the_name()
    {
        IdxSplit split = Read(IdxBytes.Gzip(IdxBytes.Images(3)), IdxBytes.Gzip(IdxBytes.Labels(3)));

        Assert.Equal(3 * 28 * 28, split.Pixels.Length);
    }

    [Fact]
    public void A_file_larger_than_the_first_allocation_is_read_whole()
    {
        byte[] images = IdxBytes.Images(4000);

        Assert.Equal(images[16..], Read(IdxBytes.Gzip(images), IdxBytes.Labels(4000)).Pixels);
    }

    [Fact]
    public void A_truncated_file_is_named_in_the_error() =>
        AssertImagesFail(IdxBytes.Images(3)[..^1], "expected 2352 bytes after the header, found only 2351");

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(15)]
    public void A_file_that_ends_within_its_header_is_named_in_the_error(int length) =>
        AssertImagesFail(IdxBytes.Images(3)[..length], $"expected a header of 16 bytes, found {length}");

    [Fact]
    public void A_gzip_file_cut_at_any_place_is_named_in_the_error()
    {
        byte[] whole = IdxBytes.Gzip(IdxBytes.Images(3));

        Assert.All(Enumerable.Range(0, whole.Length), length => AssertImagesFail(whole[..length], "expected"));
    }

    [Fact]
    public void A_gzip_file_with_any_byte_of_its_data_changed_never_yields_other_pixels()
    {
        byte[] raw = IdxBytes.Images(3);
        byte[] whole = IdxBytes.Gzip(raw);
        for (int i = 10; i < whole.Length; i++)
        {
            byte[] damaged = [.. whole];
            damaged[i] ^= 0x10;
            if (Record.Exception(() => Assert.Equal(raw[16..], Read(damaged, IdxBytes.Labels(3)).Pixels)) is { } e)
            {
                Assert.IsType<NoPropException>(e);
            }
        }
    }

    [Fact]
    public void Damaged_gzip_data_are_named_in_the_error()
    {
        byte[] gzip = IdxBytes.Gzip(IdxBytes.Images(3));
        gzip[^8] ^= 1;

        AssertImagesFail(gzip, "expected gzip data, found damage");
    }

    [Fact]
    public void Labels_given_as_images_are_recognised() =>
        AssertImagesFail(IdxBytes.Labels(30), "expected an IDX file of uint8 images (magic 0x00000803), found an IDX file of uint8 labels");

    [Fact]
    public void A_file_of_another_kind_is_recognised() =>
        AssertImagesFail("<html>No such file</html>"u8.ToArray(), "found a file that begins with 0x3c68746d");

    [Fact]
    public void Trailing_bytes_are_an_error() =>
        AssertImagesFail([.. IdxBytes.Images(3), 0], "expected 2352 bytes after the header, found more");

    [Fact]
    public void Bytes_after_the_end_of_a_gzip_file_are_an_error() =>
        AssertImagesFail([.. IdxBytes.Gzip(IdxBytes.Images(3)), 1, 2, 3], "bytes after its end");

    [Fact]
    public void Zero_images_are_an_error() =>
        AssertImagesFail(IdxBytes.Images(0), "expected at least one value, found a header that claims 0 x 28 x 28");

    [Theory]
    [InlineData(0x80000000, 28, 28)]
    [InlineData(0xffffffff, 0xffffffff, 0xffffffff)]
    [InlineData(0x00010000, 0x00010000, 0x00000001)]
    public void A_header_that_claims_too_much_is_an_error(uint count, uint rows, uint columns) =>
        AssertImagesFail(IdxBytes.Header(0x803, count, rows, columns), $"found a header that claims {count} x {rows} x {columns} =");

    [Fact]
    public void A_claim_without_the_bytes_allocates_little()
    {
        string images = folder.Write("images", IdxBytes.Gzip(IdxBytes.Header(0x803, 1 << 20, 32, 32)));
        long before = GC.GetAllocatedBytesForCurrentThread();

        Assert.Throws<NoPropException>(() => Idx.Read(images, images, 10));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4 << 20);
    }

    [Fact]
    public void Labels_and_images_of_different_counts_are_an_error()
    {
        NoPropException e = Assert.Throws<NoPropException>(() => Read(IdxBytes.Images(3), IdxBytes.Labels(4)));

        Assert.Contains("holds 3 images, but", e.Message, StringComparison.Ordinal);
        Assert.Contains("holds 4 labels", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_label_beyond_the_classes_is_an_error()
    {
        byte[] labels = IdxBytes.Labels(3);
        labels[^1] = 10;

        NoPropException e = Assert.Throws<NoPropException>(() => Read(IdxBytes.Images(3), labels));
        Assert.Contains("expected labels from 0 to 9, found 10 at position 2", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_file_is_named_in_the_error()
    {
        NoPropException e = Assert.Throws<NoPropException>(() => Idx.Read(folder["images"], folder["labels"], 10));

        Assert.StartsWith($"{folder["images"]}: expected an IDX file, found nothing", e.Message, StringComparison.Ordinal);
    }

    private IdxSplit Read(byte[] images, byte[] labels) => Idx.Read(folder.Write("images", images), folder.Write("labels", labels), 10);

    private void AssertImagesFail(byte[] images, string expected)
    {
        NoPropException e = Assert.Throws<NoPropException>(() => Read(images, IdxBytes.Labels(3)));

        Assert.StartsWith($"{folder["images"]}: ", e.Message, StringComparison.Ordinal);
        Assert.Contains(expected, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
    }
}
