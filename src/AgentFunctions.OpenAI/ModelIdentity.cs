namespace AgentFunctions.OpenAI;

/// <summary>Which model a client calls.</summary>
/// <param name="Name">The name that agents use.</param>
/// <param name="ModelId">The provider's own name for it.</param>
/// <param name="Address">Where it serves.</param>
/// <param name="Key">The key, to keep it out of messages.</param>
internal sealed record ModelIdentity(string Name, string ModelId, Uri Address, string? Key)
{
    public override string ToString() => $"model '{Name}' ({ModelId} at {Address.GetLeftPart(UriPartial.Path)})";
}
