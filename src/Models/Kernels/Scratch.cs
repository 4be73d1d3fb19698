using System.Runtime.InteropServices;

namespace NoProp.Models.Kernels;

/// <summary>Memory outside of the managed heap for the length of a call.</summary>
/// <param name="length">Values; what they are is not said.</param>
internal readonly unsafe ref struct Scratch<T>(int length) : IDisposable
    where T : unmanaged
{
    private const int CacheLine = 64;

    /// <summary>Its beginning, at a cache line.</summary>
    public T* Pointer { get; } = (T*)NativeMemory.AlignedAlloc((nuint)length * (nuint)sizeof(T), CacheLine);

    /// <summary>All of it.</summary>
    public Span<T> Span => new(Pointer, length);

    /// <inheritdoc/>
    public void Dispose() => NativeMemory.AlignedFree(Pointer);
}
