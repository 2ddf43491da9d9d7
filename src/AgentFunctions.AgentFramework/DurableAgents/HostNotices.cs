using System.Runtime.CompilerServices;
using AgentFunctions.Records;
using AgentFunctions.Views;
using Microsoft.Extensions.AI;

namespace AgentFunctions.AgentFramework.DurableAgents;

/// <summary>Tells the messages that the host adds to a conversation from those of people.</summary>
/// <param name="runs">Where goals are read.</param>
/// <param name="journal">Where it is read what people said.</param>
/// <param name="transcript">Where the conversation is read that a run began with.</param>
internal sealed class HostNotices(RunReader runs, Journal journal, Transcript transcript)
{
    /// <summary>What the host's own messages begin with.</summary>
    internal const string Mark = "[host]";

    private readonly ConditionalWeakTable<ChatMessage, StrongBox<bool>> _known = [];

    /// <summary>Determines whether a message is one of the host. People can begin theirs with its mark, too.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="message">The message.</param>
    /// <param name="cancellationToken">The token to cancel the read.</param>
    public async ValueTask<bool> HasAsync(string runId, ChatMessage message, CancellationToken cancellationToken)
    {
        if (!message.Text.StartsWith(Mark, StringComparison.Ordinal))
        {
            return false;
        }

        if (!_known.TryGetValue(message, out StrongBox<bool>? known))
        {
            known = new(!await IsOfPersonAsync(runId, message.Text, cancellationToken).ConfigureAwait(false));
            _known.AddOrUpdate(message, known);
        }

        return known.Value;
    }

    private async Task<bool> IsOfPersonAsync(string runId, string text, CancellationToken cancellationToken) =>
        (await runs.GetAsync(runId, cancellationToken).ConfigureAwait(false)).Goal == text
        || await transcript.ReadAsync(runId, cancellationToken: cancellationToken)
            .TakeWhile(static entry => entry.Turn == 0)
            .AnyAsync(entry => entry.Message.Text == text, cancellationToken).ConfigureAwait(false)
        || await journal.ReadAsync(runId, cancellationToken: cancellationToken)
            .AnyAsync(entry => entry.Event is { Type: JournalEventTypes.MessageReceived } said && said.Text == text,
                cancellationToken).ConfigureAwait(false);
}
