using Microsoft.Agents.AI;
using Microsoft.Extensions.AI;

namespace AgentFunctions.AgentFramework.DurableAgents;

/// <summary>Stands in for the history of an agent: the transcript of the run is its history.</summary>
internal sealed class NoHistory : ChatHistoryProvider
{
    private static readonly NoHistory None = new();

    /// <inheritdoc/>
    public override IReadOnlyList<string> StateKeys => [];

    /// <summary>Gets properties of chat options that switch the history off for one run.</summary>
    public static AdditionalPropertiesDictionary Only() => In(null);

    /// <summary>Switches the history off in properties of chat options.</summary>
    public static AdditionalPropertiesDictionary In(AdditionalPropertiesDictionary? properties)
    {
        AdditionalPropertiesDictionary changed = properties?.Clone() ?? [];
        changed.Remove<ChatHistoryProvider>();
        changed.Add<ChatHistoryProvider>(None);
        return changed;
    }

    /// <inheritdoc/>
    protected override ValueTask<IEnumerable<ChatMessage>> ProvideChatHistoryAsync(
        InvokingContext context, CancellationToken cancellationToken = default) => new([]);

    /// <inheritdoc/>
    protected override ValueTask StoreChatHistoryAsync(InvokedContext context, CancellationToken cancellationToken = default) =>
        default;
}
