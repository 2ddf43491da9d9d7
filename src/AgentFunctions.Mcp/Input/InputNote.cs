using AgentFunctions.Core.Text;
using AgentFunctions.Tools.Asking;

namespace AgentFunctions.Mcp.Input;

/// <summary>Represents what the model is told of something that a server asked for and did not get.</summary>
/// <param name="Asked">What it asked for.</param>
/// <param name="Became">What became of it, and what to do now.</param>
internal sealed record InputNote(string Asked, string Became)
{
    private const int MostCharacters = 500;

    /// <summary>Nobody can be asked from where the call is made.</summary>
    public const string NobodyHere =
        "As nobody here can be asked, this was cancelled. Give what it needs with the arguments, or do without this call.";

    /// <summary>A person is asked and may still answer, but the call could not wait longer.</summary>
    public const string NotYet =
        "As nobody answered in time, this was cancelled. Call it again when a person has answered, or do without this call.";

    /// <summary>Makes the note of a request that was not sent to anybody.</summary>
    /// <param name="asked">What was asked for.</param>
    /// <param name="refusal">Why people are not asked that.</param>
    public static InputNote Refused(string asked, string refusal) =>
        new(asked, $"People are not asked for this here, so it was cancelled: {refusal} Do without this call.");

    /// <summary>Makes the note of a question that is over and was not answered; <see langword="null"/> if it was.</summary>
    /// <param name="asked">What was asked for.</param>
    /// <param name="answer">What became of it.</param>
    public static InputNote? Of(string asked, PersonAnswer answer) => answer.Verdict switch
    {
        PersonVerdict.Declined =>
            new InputNote(asked, $"{answer.Who} declined to answer{(answer.Words is { } words ? $": {words}" : ".")}"),
        PersonVerdict.Expired => new InputNote(asked, "Nobody answered in time, so this was cancelled. That is no consent."),
        PersonVerdict.Withdrawn => new InputNote(asked, "The question was withdrawn, so this was cancelled."),
        _ => null,
    };

    /// <summary>Says all notes in words, what became the same together; <see langword="null"/> if there are none.</summary>
    /// <param name="notes">The notes.</param>
    public static string? Words(IReadOnlyCollection<InputNote> notes) => notes.Count == 0 ? null : string.Join(
        '\n',
        notes.GroupBy(static note => note.Became,
            static note => $"'{TextCut.Shorten(note.Asked.ReplaceLineEndings(" "), MostCharacters)}'")
            .Select(static same => $"[Meanwhile the server asked for input ({string.Join(", ", same.Distinct())}). {same.Key}]"));
}
