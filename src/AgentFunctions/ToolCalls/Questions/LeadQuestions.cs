using AgentFunctions.Governance.Policies;
using AgentFunctions.Runs;
using AgentFunctions.Tools;
using AgentFunctions.Tools.Asking;

namespace AgentFunctions.ToolCalls.Questions;

/// <summary>Finds the lead agent that a sub-agent asks in place of people.</summary>
internal sealed class LeadQuestions(RunStore runs, RunTools tools)
{
    /// <summary>Gets the run of the lead agent that a question is for.</summary>
    /// <param name="request">The call that asks.</param>
    /// <param name="asked">The question.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>The run; <see langword="null"/> if people are asked.</returns>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.ToolArgumentsInvalid"/>: there is no lead agent that could answer; the message says why.
    /// </exception>
    public async Task<string?> LeadOfAsync(ToolCallRequest request, PersonQuestion asked, CancellationToken cancellationToken)
    {
        if (!asked.To.Contains(AnswerTerms.LeadAgent, StringComparer.Ordinal))
        {
            return null;
        }

        if (asked.To.Count > 1)
        {
            throw Bad($"name '{AnswerTerms.LeadAgent}' alone; if it says nothing in time, people are asked.");
        }

        if (request.Run.Parent is not { } lead)
        {
            throw Bad("this run has no lead agent; leave it out to ask people.");
        }

        // A lead whose turn waits for this very result would hear the question when it is too late.
        return request.Run.Origin is not { IsAnswer: true } && await CanAnswerAsync(lead, cancellationToken).ConfigureAwait(false)
            ? lead
            : throw Bad("your lead agent waits for your result and cannot answer; leave it out to ask people, or decide and say what you assumed.");
    }

    private async Task<bool> CanAnswerAsync(string lead, CancellationToken cancellationToken)
    {
        RunRecord record = await runs.GetAsync(lead, cancellationToken).ConfigureAwait(false);
        return (await tools.GrantedAsync(record, await runs.GetDefinitionAsync(record, cancellationToken).ConfigureAwait(false),
            cancellationToken)
            .ConfigureAwait(false)).Any(static tool => tool.Name == QuestionToolNames.Answer);
    }

    private static AgentException Bad(string message) => new(ErrorCode.ToolArgumentsInvalid, $"to: {message}");
}
