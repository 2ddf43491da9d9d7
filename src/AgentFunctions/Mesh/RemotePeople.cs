using System.Text.Json;
using AgentFunctions.Core;
using AgentFunctions.Core.Text;
using AgentFunctions.Tools;
using AgentFunctions.Tools.Asking;

namespace AgentFunctions.Mesh;

/// <summary>
/// Tells people here that a task waits for people at its own host, as a question: they may see to it there, or have the task
/// cancelled. The call goes on looking in the meantime.
/// </summary>
internal sealed class RemotePeople(MeshCalls calls)
{
    private const string Cancel = "Cancel the task";
    private const int MostWords = 2_000;
    private const int MostAsked = 8;

    /// <summary>Asks them, once for each thing that the task waits for.</summary>
    /// <param name="context">The call.</param>
    /// <param name="call">What is kept of it.</param>
    /// <param name="said">What the task says that it waits for.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>Whether a person here wants the task cancelled.</returns>
    public async Task<bool> AskAsync(ToolContext context, MeshCall call, string said, CancellationToken cancellationToken)
    {
        string hash = TextHash.Of(said);
        int number = call.AskedOf == hash ? call.Asked : call.Asked + 1;
        if (context.Features.Get<IPersonAsker>() is not { } asker || number > MostAsked)
        {
            return false;
        }

        PersonAnswer answer;
        try
        {
            answer = await asker.AskAsync(number, QuestionOf(call.Agent, said), cancellationToken).ConfigureAwait(false);
        }
        catch (AgentException)
        {
            // Nobody may be asked here; the task waits for people at its own host all the same.
            return false;
        }

        string? open = answer.Verdict == PersonVerdict.Waits ? answer.Id : null;
        await calls.ChangeAsync(
            call.Call, before => before.Asked == number && before.Question == open
                ? before
                : before with { Asked = number, AskedOf = hash, Question = open },
            cancellationToken).ConfigureAwait(false);
        return answer is { Verdict: PersonVerdict.Answered, Answers: { ValueKind: JsonValueKind.Object } answers }
            && answers.TryGetProperty("answer", out JsonElement chosen) && chosen.ValueEquals(Cancel);
    }

    /// <summary>Withdraws what is asked: the task waits for nobody any more.</summary>
    /// <param name="context">The call.</param>
    /// <param name="call">What is kept of it.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task WithdrawAsync(ToolContext context, MeshCall call, CancellationToken cancellationToken)
    {
        if (call.Question is { } open && context.Features.Get<IPersonAsker>() is { } asker)
        {
            await asker.WithdrawAsync(open, "the task waits for people no more", cancellationToken).ConfigureAwait(false);
            await calls.ChangeAsync(call.Call, static before => before with { Question = null }, cancellationToken)
                .ConfigureAwait(false);
        }
    }

    private static PersonQuestion QuestionOf(string agent, string said) => new(
        $"A task of the agent '{agent}', on another host, waits for people there. {TextCut.Shorten(said, MostWords)}".TrimEnd())
    {
        Why = "It goes on once they have done what it waits for; there is nothing to say here then.",
        Choices = ["It is done there", Cancel],
        Server = agent,
        WakesJob = true,
    };
}
