using NoProp.Models.Checkpoints;
using Xunit;

namespace NoProp.Models.Tests.Checkpoints;

public class SafetensorsFuzzTests
{
    private const int Mutations = 2000;

    [Fact]
    public void No_mutation_of_a_file_throws_anything_but_a_NoPropException()
    {
        Assert.All(Mutants(), mutant => Assert.True(Record.Exception(() => ReadAll(mutant)) is null or NoPropException));
    }

    [Fact]
    public void No_mutation_of_a_file_makes_the_reader_take_much_memory()
    {
        ReadAll(Whole());
        Assert.All(Mutants(), mutant =>
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            Record.Exception(() => ReadAll(mutant));
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 18);
        });
    }

    [Fact]
    public void Some_mutations_are_noticed_and_some_change_only_the_data()
    {
        int refused = Mutants().Count(mutant => Record.Exception(() => ReadAll(mutant)) is not null);

        Assert.InRange(refused, Mutations / 10, Mutations - 1);
    }

    private static byte[] Whole() =>
        Samples.File([("conv.weight", "F32", [4, 1, 3, 3]), ("conv.bias", "F32", [4]), ("empty", "F16", [0]), ("optimizer.step", "I64", [])]);

    private static void ReadAll(byte[] bytes)
    {
        SafetensorsFile file = SafetensorsFile.Parse(bytes, "mutant");
        foreach (string name in file.Entries.Keys)
        {
            file.Data(name);
        }
    }

    private static IEnumerable<byte[]> Mutants()
    {
        Random random = new(20250131);
        return Enumerable.Range(0, Mutations).Select(_ => Mutate(Whole(), random));
    }

    private static byte[] Mutate(byte[] bytes, Random random)
    {
        for (int change = random.Next(1, 4); change > 0 && bytes.Length > 8; change--)
        {
            int at = random.Next(bytes.Length);
            int length = random.Next(1, Math.Min(16, bytes.Length - at) + 1);
            switch (random.Next(7))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    random.NextBytes(bytes.AsSpan(at, length));
                    break;
                case 2:
                    bytes = bytes[..at];
                    break;
                case 3:
                    bytes = [.. bytes, .. bytes.AsSpan(at, length)];
                    break;
                case 4:
                    // A header length of any magnitude, not only an astronomical one.
                    BitConverter.TryWriteBytes(bytes, random.NextInt64() >> random.Next(64));
                    break;
                case 5:
                    // Digits stay JSON, so what follows the syntax check is reached: huge sizes, wrong offsets.
                    bytes.AsSpan(at, length).Fill((byte)random.Next('0', '9' + 1));
                    break;
                default:
                    bytes.AsSpan(at, length).ToArray().CopyTo(bytes, random.Next(bytes.Length - length + 1));
                    break;
            }
        }

        return bytes;
    }
}
