using System.Text.Json;

namespace AgentFunctions.AgentFramework.DurableAgents;

/// <summary>Represents what context providers added to what people said, as it is recorded.</summary>
internal sealed record RecordedContext
{
    /// <summary>Gets the instructions that they added; <see langword="null"/> for none.</summary>
    public string? Instructions { get; init; }

    /// <summary>
    /// Gets the messages that they added, as Microsoft.Extensions.AI writes them; <see langword="null"/> for none.
    /// </summary>
    public JsonElement? Messages { get; init; }
}
