namespace NoProp.Host.Reproduction.Paper;

/// <summary>The methods that the paper compares, by their words in <c>noprop.method</c>, in the order of its Table 1.</summary>
internal static class PaperMethods
{
    public const string Backprop = "backprop";
    public const string DiscreteTime = "dt";
    public const string Adjoint = "adjoint";
    public const string ContinuousTime = "ct";
    public const string FlowMatching = "fm";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } = [Backprop, DiscreteTime, Adjoint, ContinuousTime, FlowMatching];

    /// <summary>A method's name in print.</summary>
    public static string Title(string method) => method switch
    {
        Backprop => "Back-propagation",
        DiscreteTime => "NoProp-DT",
        Adjoint => "Adjoint sensitivity",
        ContinuousTime => "NoProp-CT",
        FlowMatching => "NoProp-FM",
        _ => throw new ArgumentOutOfRangeException(nameof(method), method, "no method of the paper"),
    };
}

/// <summary>The label embeddings that the paper compares, by their words in <c>noprop.embedding.kind</c>.</summary>
internal static class PaperEmbeddings
{
    public const string OneHot = "one-hot";
    public const string Learned = "learned:20";
    public const string Prototype = "prototype";

    /// <summary>All of them, in the order of Table 1.</summary>
    public static IReadOnlyList<string> All { get; } = [OneHot, Learned, Prototype];

    /// <summary>An embedding's name in print.</summary>
    public static string Title(string embedding) => embedding == Learned ? "learned, d = 20" : embedding;
}
