namespace NoProp.Host.Reproduction.Weights;

/// <summary>One cell of the paper's Table 5: weights of one network, a block in discrete time.</summary>
/// <param name="Data">Data set.</param>
/// <param name="Method">Word of <c>noprop.method</c>.</param>
/// <param name="Embedding">Word of <c>noprop.embedding.kind</c>.</param>
/// <param name="PaperMillions">The paper's count, in millions.</param>
/// <param name="Count">Ours; null where it is not counted.</param>
internal sealed record WeightRow(string Data, string Method, string Embedding, double PaperMillions, long? Count);
