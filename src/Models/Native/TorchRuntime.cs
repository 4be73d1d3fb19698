using TorchSharp;

namespace NoProp.Models.Native;

/// <summary>The native library: loads it, sets its threads, explains its failures.</summary>
public static class TorchRuntime
{
    private static readonly Lock loading = new();

    [ThreadStatic]
    private static bool singleThreaded;

    /// <summary>libtorch's version.</summary>
    public static string Version => torch.__version__;

    /// <summary>
    /// Begins to load libtorch beside what the caller does next, which takes a third of a second or more. Why it could not be loaded is for
    /// <see cref="Load"/> to say, which waits for this.
    /// </summary>
    /// <returns>Waits for the end of it: a process that ends while a library initialises itself can crash.</returns>
    public static IAsyncDisposable LoadAhead() => new Loading(Task.Run(Load));

    /// <summary>Loads libtorch.</summary>
    /// <exception cref="NoPropException">It cannot be loaded; the message says why and what to do.</exception>
    public static void Load()
    {
        NativeHeap.KeepFreedBlocks();
        try
        {
            lock (loading)
            {
                torch.InitializeDeviceType(DeviceType.CPU);
                using torch.Tensor probe = torch.zeros(1);
            }
        }
        catch (Exception e) when (e is NotSupportedException or DllNotFoundException or TypeInitializationException or BadImageFormatException)
        {
            string cause = (e.GetBaseException().Message.Split('\n') is [string first, ..] ? first : e.Message).Trim();
            throw new NoPropException(
                $"libtorch cannot be loaded ({cause}). Build with `dotnet build -c Release` on the machine that runs it (64-bit Linux with glibc 2.28 or newer, Windows x64 or macOS arm64)", e);
        }
    }

    /// <summary>
    /// Makes libtorch compute with one thread on the calling thread. Its OpenMP setting belongs to the calling thread, so every compute thread
    /// does this itself; parallelism comes from training several blocks at once, and sums keep one order.
    /// </summary>
    public static void UseOneThread()
    {
        if (!singleThreaded)
        {
            torch.set_num_threads(1);
            singleThreaded = true;
        }
    }

    /// <summary>
    /// Says how this process makes float32 products on GPUs. libtorch has these two switches once for all GPUs and threads, so one process
    /// computes in one way, the last that was asked for; by itself libtorch makes convolutions in TF32 and matrix products in float32.
    /// </summary>
    /// <param name="device">Where something is about to compute. Only a GPU changes anything.</param>
    /// <param name="isTf32">Whether products are made in TF32: factors of 10 bits behind the point, float32 sums.</param>
    public static void ComputeOn(ComputeDevice device, bool isTf32)
    {
        if (device.Type == DeviceType.CUDA)
        {
            torch.backends.cuda.matmul.allow_tf32 = isTf32;
            torch.backends.cudnn.allow_tf32 = isTf32;
        }
    }

    private sealed class Loading(Task task) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync() => await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
