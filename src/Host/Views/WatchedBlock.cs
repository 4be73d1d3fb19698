namespace NoProp.Host.Views;

/// <summary>One block of a run that is watched through its records.</summary>
internal sealed class WatchedBlock
{
    private const int CurvePoints = 600;
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(12);

    private readonly List<double> errors = [];
    private readonly Queue<(DateTime At, long Clock)> recent = [];

    /// <summary>Steps trained.</summary>
    public long Clock { get; set; }

    /// <summary>Steps ahead of the least advanced block.</summary>
    public long Lead { get; private set; }

    /// <summary>Who trained it last; null for nobody.</summary>
    public string? Worker { get; private set; }

    /// <summary>When it last trained.</summary>
    public DateTime? Last { get; private set; }

    /// <summary>Since when it waits for somebody to take it up again; null where it does not.</summary>
    public DateTime? Lost { get; set; }

    /// <summary>Its squared error over time; a long run becomes coarser.</summary>
    public IReadOnlyList<double> Errors => errors;

    /// <summary>Takes steps in.</summary>
    public void Add(DateTime at, long clock, long lead, double squaredError, string? worker)
    {
        (Clock, Lead, Worker, Last, Lost) = (clock, lead, worker, at, null);
        errors.Add(squaredError);
        if (errors.Count > CurvePoints)
        {
            double[] kept = [.. errors.Where((_, i) => i % 2 == 1)];
            errors.Clear();
            errors.AddRange(kept);
        }

        recent.Enqueue((at, clock));
        Forget(at);
    }

    /// <summary>Steps a second in the last seconds.</summary>
    /// <param name="now">The time.</param>
    public double Rate(DateTime now)
    {
        Forget(now);
        return recent.Count < 2 || recent.Last().At <= recent.Peek().At ? 0 : (recent.Last().Clock - recent.Peek().Clock) / (recent.Last().At - recent.Peek().At).TotalSeconds;
    }

    private void Forget(DateTime now)
    {
        while (recent.TryPeek(out (DateTime At, long Clock) oldest) && now - oldest.At > Window)
        {
            recent.Dequeue();
        }
    }
}
