using System.Collections;
using System.Collections.Immutable;
using System.Reflection;
using System.Runtime.CompilerServices;
using Akka.Actor;
using NoProp.Actors.Serialization;

namespace NoProp.Actors.Tests.Serialization;

/// <summary>Random values of every type that travels, and a comparison that looks into them.</summary>
internal static class WireSamples
{
    private const BindingFlags Fields = BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public;

    /// <summary>A message.</summary>
    public static object Message(Type type, Random random, IActorRef actor) => Make(type, random, actor)!;

    /// <summary>What two values differ in; null where in nothing.</summary>
    public static string? Difference(object? a, object? b, string at = "message")
    {
        if (a is null || b is null)
        {
            return a is null && b is null ? null : $"{at}: {a ?? "null"} and {b ?? "null"}";
        }

        if (a is ReadOnlyMemory<byte> bytes && b is ReadOnlyMemory<byte> others)
        {
            return bytes.Span.SequenceEqual(others.Span) ? null : $"{at}: other bytes";
        }

        if (a.GetType().IsPrimitive || a is string or Enum or TimeSpan or DateTime or IActorRef)
        {
            return a.Equals(b) ? null : $"{at}: {a} and {b}";
        }

        if (a is IDictionary map && b is IDictionary other)
        {
            return map.Keys.Cast<object>().Select(key => Difference(map[key], other[key], $"{at}[{key}]")).Append(map.Count == other.Count ? null : at).FirstOrDefault(found => found is not null);
        }

        if (a is IEnumerable)
        {
            object?[]? left = Elements(a), right = Elements(b);
            return left?.Length != right?.Length
                ? $"{at}: {left?.Length} and {right?.Length} elements"
                : left?.Zip(right!, (x, y) => Difference(x, y, $"{at}[]")).FirstOrDefault(found => found is not null);
        }

        return a.GetType() != b.GetType()
            ? $"{at}: {a.GetType()} and {b.GetType()}"
            : a.GetType().GetFields(Fields).Select(field => Difference(field.GetValue(a), field.GetValue(b), $"{at}.{field.Name}")).FirstOrDefault(found => found is not null);
    }

    private static object?[]? Elements(object collection)
    {
        try
        {
            return [.. ((IEnumerable)collection).Cast<object?>()];
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    private static object? Make(Type type, Random random, IActorRef actor)
    {
        if (Nullable.GetUnderlyingType(type) is { } inner)
        {
            return random.Next(2) == 0 ? null : Make(inner, random, actor);
        }

        if (type.IsEnum)
        {
            Array values = Enum.GetValues(type);
            return values.GetValue(random.Next(values.Length));
        }

        return type switch
        {
            _ when type == typeof(string) => random.Next(8) == 0 ? null : new string('ü', random.Next(0, 300)) + random.Next(),
            _ when type == typeof(int) => random.Next(int.MinValue, int.MaxValue),
            _ when type == typeof(long) => random.NextInt64(long.MinValue, long.MaxValue),
            _ when type == typeof(bool) => random.Next(2) == 0,
            _ when type == typeof(float) => random.NextSingle(),
            _ when type == typeof(double) => random.NextDouble(),
            _ when type == typeof(uint) => (uint)random.Next(),
            _ when type == typeof(ulong) => (ulong)random.NextInt64(),
            _ when type == typeof(TimeSpan) => TimeSpan.FromTicks(random.NextInt64()),
            _ when type == typeof(IActorRef) => actor,
            _ when type == typeof(ReadOnlyMemory<byte>) => new ReadOnlyMemory<byte>(Bytes(random)),
            _ when type == typeof(float[]) => Floats(random),
            _ when type == typeof(ImmutableArray<float>) => random.Next(8) == 0 ? default : ImmutableArray.Create(Floats(random)),
            { IsGenericType: true } when WireType.KindOf(type) == WireKind.List => Create(nameof(List), type.GetGenericArguments(), type, random, actor),
            { IsGenericType: true } when WireType.KindOf(type) == WireKind.Map => Create(nameof(Map), type.GetGenericArguments(), type, random, actor),
            { IsAbstract: true } => Make(Pick(type, random), random, actor),
            _ => Fill(type, random, actor),
        };
    }

    private static object Fill(Type type, Random random, IActorRef actor)
    {
        object made = RuntimeHelpers.GetUninitializedObject(type);
        foreach (FieldInfo field in type.GetFields(Fields))
        {
            field.SetValue(made, Make(field.FieldType, random, actor));
        }

        return made;
    }

    private static Type Pick(Type family, Random random)
    {
        Type[] members = [.. family.Assembly.GetTypes().Where(type => type.IsSubclassOf(family) && !type.IsAbstract)];
        return members[random.Next(members.Length)];
    }

    private static byte[] Bytes(Random random)
    {
        byte[] bytes = new byte[random.Next(0, 3000)];
        random.NextBytes(bytes);
        return bytes;
    }

    private static float[] Floats(Random random) => [.. Enumerable.Range(0, random.Next(0, 500)).Select(_ => random.NextSingle() - 0.5f)];

    private static object Create(string method, Type[] arguments, Type type, Random random, IActorRef actor) =>
        typeof(WireSamples).GetMethod(method, BindingFlags.Static | BindingFlags.NonPublic)!.MakeGenericMethod(arguments).Invoke(null, [type, random, actor])!;

    private static object List<T>(Type type, Random random, IActorRef actor)
    {
        T[] elements = [.. Enumerable.Range(0, random.Next(0, 4)).Select(_ => (T)Make(typeof(T), random, actor)!)];
        return type == typeof(ImmutableArray<T>) ? random.Next(8) == 0 ? default(ImmutableArray<T>) : ImmutableArray.Create(elements)
            : type == typeof(ImmutableList<T>) ? ImmutableList.Create(elements)
            : elements.ToList();
    }

    private static object Map<TKey, TValue>(Type type, Random random, IActorRef actor)
        where TKey : notnull
    {
        Dictionary<TKey, TValue> map = [];
        for (int i = random.Next(0, 4); i > 0; i--)
        {
            if (Make(typeof(TKey), random, actor) is TKey key)
            {
                map[key] = (TValue)Make(typeof(TValue), random, actor)!;
            }
        }

        return type == typeof(IReadOnlyDictionary<TKey, TValue>) ? map : map.ToImmutableDictionary();
    }
}
