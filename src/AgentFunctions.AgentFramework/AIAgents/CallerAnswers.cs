using AgentFunctions.Gateway;
using AgentFunctions.Runs;
using Microsoft.Extensions.AI;

namespace AgentFunctions.AgentFramework.AIAgents;

/// <summary>Answers the calls that runs wait for their caller to execute.</summary>
/// <param name="access">The runs.</param>
/// <param name="caller">Who answers.</param>
internal sealed class CallerAnswers(RunAccess access, Caller caller)
{
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(50);

    /// <summary>The number of looks for a call that waits, before a result is taken for one that nothing waits for.</summary>
    private const int MostLooks = 100;

    /// <summary>
    /// Answers each open call by its result, or by the message that came in its place. A call is told of just before the run
    /// begins to wait for it, so a caller that brings nothing but results may be faster: the calls of its results are waited for.
    /// </summary>
    /// <param name="input">The results and messages of the caller.</param>
    /// <param name="updates">The run.</param>
    /// <param name="cancellationToken">
    /// The token to cancel the wait. Some answers may have been recorded; they may be sent again.
    /// </param>
    public async Task SendAsync(RunInput input, RunUpdates updates, CancellationToken cancellationToken)
    {
        if (input.Results.Count + input.Words.Count == 0)
        {
            return;
        }

        HashSet<string> left = [.. input.Results.Select(static result => result.CallId)];
        for (int look = 0; ; look++)
        {
            Run run = await access.Reader.GetAsync(updates.Run, cancellationToken).ConfigureAwait(false);
            foreach (ClientCall call in await access.Calls.ListOpenAsync(run, cancellationToken).ConfigureAwait(false))
            {
                string? id = await updates.CallIdAsync(call.Turn, call.Call, cancellationToken).ConfigureAwait(false);
                FunctionResultContent? result = input.Results.LastOrDefault(result => result.CallId == id);
                if (result is not null || input.Words.Count > 0)
                {
                    await access.Calls.AnswerAsync(call.Id, AnswerOf(result), caller, cancellationToken).ConfigureAwait(false);
                    left.Remove(result?.CallId ?? "");
                }
            }

            // With a message come results of long ago as well, for which nothing waits.
            if (left.Count == 0 || input.Words.Count > 0 || run.IsEnded || look == MostLooks)
            {
                return;
            }

            await Task.Delay(s_pause, access.Records.Time, cancellationToken).ConfigureAwait(false);
        }
    }

    private static ClientAnswer AnswerOf(FunctionResultContent? result) => result is null
        ? new ClientAnswer("The caller did not execute the call, and sent a message instead.", IsError: true)
        : new ClientAnswer(CallerTools.TextOf(result), result.Exception is not null);
}
