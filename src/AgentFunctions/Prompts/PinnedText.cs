using System.Text;
using AgentFunctions.Core.Text;
using AgentFunctions.Records;
using AgentFunctions.Tools.Planning;

namespace AgentFunctions.Prompts;

/// <summary>What stays word for word beside every summary: the plan, the pinned facts, and what people said.</summary>
internal sealed class PinnedText(PlanStore plans, PinStore pins, Inbox inbox)
{
    /// <summary>How much of what people said is repeated, in characters; the newest first.</summary>
    private const int MaxSaid = 16_000;

    /// <summary>The text.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="shown">How many messages of people the model has been shown.</param>
    /// <param name="turn">The last turn that is over: what was answered in it is still to be shown.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<string> RenderAsync(string runId, long shown, int turn, CancellationToken cancellationToken)
    {
        var text = new StringBuilder($"{Prompt.HostMark} Pinned, word for word.");
        Section(text, "Plan", PlanText.Render(await plans.GetAsync(runId, cancellationToken).ConfigureAwait(false)));
        Section(text, "Pinned facts", string.Join('\n', await pins.GetAsync(runId, cancellationToken).ConfigureAwait(false)));
        Section(text, "What people said to you, in order",
            await SaidAsync(runId, shown, turn, cancellationToken).ConfigureAwait(false));
        return text.ToString();
    }

    private async Task<string> SaidAsync(string runId, long shown, int turn, CancellationToken cancellationToken)
    {
        List<string> words = [];
        int length = 0;
        IReadOnlyList<InboxMessage> messages = await inbox.ReadAsync(runId, 0, shown, cancellationToken).ConfigureAwait(false);
        IReadOnlyList<(string Place, InboxMessage Said)> answers = await inbox.AnswersAsync(runId, turn - 1, cancellationToken)
            .ConfigureAwait(false);
        foreach (InboxMessage message in messages.Where(static message => message.IsHost != true)
            .Concat(answers.Select(static answer => answer.Said)).OrderBy(static message => message.At).Reverse())
        {
            length += message.Text.Length;
            if (length > MaxSaid)
            {
                words.Add("(older messages are left out; recall finds them)");
                break;
            }

            words.Add(UntrustedText.MarkPerson(message.Text));
        }

        words.Reverse();
        return string.Join("\n---\n", words);
    }

    private static void Section(StringBuilder text, string title, string content)
    {
        if (content.Length > 0)
        {
            text.Append("\n\n# ").Append(title).Append('\n').Append(content);
        }
    }
}
