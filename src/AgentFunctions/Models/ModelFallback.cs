namespace AgentFunctions.Models;

/// <summary>Represents the models that answer in place of another while that one gives no answers.</summary>
/// <param name="Models">Their names in the catalog, the first choice first.</param>
public sealed record ModelFallback(IReadOnlyList<string> Models)
{
    /// <summary>Gets the troubles for which they do; any by default.</summary>
    public ModelTrouble On { get; init; } = ModelTrouble.Any;
}
