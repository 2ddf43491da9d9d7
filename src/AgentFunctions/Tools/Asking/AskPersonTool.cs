using System.ComponentModel;
using System.Text.Json;
using AgentFunctions.Records;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tools.Asking;

/// <summary>The tool by which an agent asks people. Only agents whose definition names it get it.</summary>
internal static class AskPersonTool
{
    /// <summary>The name of the tool.</summary>
    public const string Name = "ask_person";

    public static AgentTool Create() => new(
        AgentTool.CreateFunction(
            Name,
            "Asks a person, and waits for the answer, for hours if need be. Use it where a wrong guess would be costly and nothing at hand tells: ask "
            + "one clear question, say why, and offer choices or a form of few fields where you can. Several calls in one message are asked side by side.",
            AskAsync),
        ToolEffect.None)
    {
        IsOptIn = true,
        Reach = ToolReach.Runtime,
        AsksPeople = true,
    };

    private static async Task<string> AskAsync(
        ToolContext call,
        [Description("The question, complete in itself: the person has not read your work.")] string question,
        [Description("Why you ask: what depends on the answer.")] string? why = null,
        [Description("Answers to choose from, instead of a form.")] IReadOnlyList<string>? choices = null,
        [Description("With choices: whether the person may say something else.")] bool allowOther = false,
        [Description(
            "What the answer looks like, as a JSON schema: a flat object of at most 10 properties, each a string (format email, uri, date or date-time), integer, "
            + "number, boolean, or choices (oneOf of const and title; several: array of such items), with title, description and default. Never ask for passwords or keys.")]
        JsonElement? form = null,
        [Description("Names of your artifacts that help to answer.")] IReadOnlyList<string>? context = null,
        [Description("Whether to wait for the answer (default). If false, you go on at once and the answer comes as a message.")] bool wait = true,
        [Description("low, normal or high.")] string? urgency = null,
        [Description(
            "Who is asked, of those who may answer; leave it out for all of them. If you are a sub-agent: [\"lead-agent\"] asks the agent that you work for.")]
        IReadOnlyList<string>? to = null,
        [Description("After which time you no longer need an answer, such as PT4H or P2D.")] string? expires = null,
        [Description("If nobody answers in time: tell (default) tells you so, fail fails this call, default takes the form's defaults if the host allows that.")]
        string? onExpiry = null,
        CancellationToken cancellationToken = default)
    {
        IPersonAsker asker = call.Features.Get<IPersonAsker>()
            ?? throw new AgentException(ErrorCode.ToolUnavailable,
                "nobody can be asked from here. Decide yourself and say what you assumed.");
        PersonAnswer answer = await asker.AskAsync(
            0,
            new PersonQuestion(question)
            {
                Why = why,
                Choices = choices ?? [],
                AllowOther = allowOther,
                Form = form is { ValueKind: JsonValueKind.Undefined or JsonValueKind.Null } ? null : form,
                Context = [.. (context ?? []).Select(NameOf)],
                Wait = wait,
                Urgency = urgency,
                To = to ?? [],
                Expires = expires,
                OnExpiry = onExpiry,
            },
            cancellationToken).ConfigureAwait(false);
        if (answer.Verdict == PersonVerdict.Waits)
        {
            return $$"""{"question":"{{answer.Id}}"}""";
        }

        if (answer is { Verdict: PersonVerdict.Answered or PersonVerdict.Declined, By: { } by })
        {
            await SpeakAsync(call, asker, answer, by, cancellationToken).ConfigureAwait(false);
        }

        return AskedText.Of(answer);
    }

    /// <summary>An artifact's name, however it was written.</summary>
    private static string NameOf(string artifact) => artifact.StartsWith("artifact:", StringComparison.Ordinal)
        ? artifact["artifact:".Length..]
        : artifact;

    /// <summary>Keeps what the person said as such: word for word, also beside every summary.</summary>
    private static async Task SpeakAsync(ToolContext context, IPersonAsker asker, PersonAnswer answer, string by,
        CancellationToken cancellationToken)
    {
        asker.ResultIsSaidBy(by);
        await context.Services.GetRequiredService<Inbox>().AddAnswerAsync(
            context.RunId, context.Turn, context.Call, new InboxMessage(AskedText.Of(answer), by, answer.At), cancellationToken)
            .ConfigureAwait(false);
    }
}
