using Akka.Configuration;
using Akka.Dispatch;

namespace NoProp.Actors.Training;

/// <summary>
/// Threads of a dispatcher's own that sleep when there is nothing to do: <c>executor = "NoProp.Actors.Training.DedicatedThreads, NoProp.Actors"</c>, with
/// <c>thread-count</c>. Akka's own dedicated threads first give up the processor a hundred times, in case something comes: where all cores compute, that
/// is as many changes of thread for each message to an idle actor.
/// </summary>
/// <param name="config">The dispatcher's section.</param>
/// <param name="prerequisites">What Akka knows.</param>
public sealed class DedicatedThreads(Config config, IDispatcherPrerequisites prerequisites) : ExecutorServiceConfigurator(config, prerequisites)
{
    private readonly int count = config.GetInt("thread-count", 1);

    /// <inheritdoc/>
    public override ExecutorService Produce(string id) => new Threads(id, count);

    private sealed class Threads : ExecutorService
    {
        private readonly Queue<IRunnable> waiting = [];
        private readonly Stack<AutoResetEvent> asleep = [];
        private bool over;

        public Threads(string id, int count)
            : base(id)
        {
            for (int i = 1; i <= count; i++)
            {
                new Thread(Work) { Name = $"{id}-{i}", IsBackground = true }.Start();
            }
        }

        public override void Execute(IRunnable run)
        {
            AutoResetEvent? one;
            lock (waiting)
            {
                if (over)
                {
                    throw new RejectedExecutionException($"the threads of {Id} have ended");
                }

                waiting.Enqueue(run);
                asleep.TryPop(out one);
            }

            // After the lock, which the other would meet at once.
            one?.Set();
        }

        public override void Shutdown()
        {
            lock (waiting)
            {
                over = true;
                while (asleep.TryPop(out AutoResetEvent? one))
                {
                    one.Set();
                }
            }
        }

        private void Work()
        {
            using AutoResetEvent awake = new(false);
            while (Next(awake) is { } run)
            {
                run.Run();
            }
        }

        // What was given before the end is still done.
        private IRunnable? Next(AutoResetEvent awake)
        {
            while (true)
            {
                lock (waiting)
                {
                    if (waiting.TryDequeue(out IRunnable? run))
                    {
                        return run;
                    }

                    if (over)
                    {
                        return null;
                    }

                    asleep.Push(awake);
                }

                awake.WaitOne();
            }
        }
    }
}
