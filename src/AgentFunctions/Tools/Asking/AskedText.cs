using System.Globalization;

namespace AgentFunctions.Tools.Asking;

/// <summary>Provides the words in which a model reads what became of its question.</summary>
internal static class AskedText
{
    /// <summary>Gets the words.</summary>
    /// <param name="answer">What became of the question.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.QuestionExpired"/>: nobody answered, and the call was to fail then.
    /// </exception>
    public static string Of(PersonAnswer answer)
    {
        string when = answer.At.UtcDateTime.ToString("yyyy-MM-dd HH:mm'Z'", CultureInfo.InvariantCulture);
        return answer.Verdict switch
        {
            PersonVerdict.Answered when answer.IsByDefault =>
                $$"""{"outcome":"answered","by":"default","answers":{{answer.Answers!.Value.GetRawText()}}} Nobody answered until {{when}}; these are the form's defaults, not the word of a person.""",
            PersonVerdict.Answered => $"{answer.Who} answered: {answer.Text}",
            PersonVerdict.Declined => $"{answer.Who} declined to answer{(answer.Words is { } words ? $": {words}" : ".")}",
            PersonVerdict.Expired when answer.FailsOnExpiry =>
                throw new AgentException(ErrorCode.QuestionExpired, $"nobody answered until {when}."),
            PersonVerdict.Expired =>
                $$"""{"outcome":"expired"} Nobody answered until {{when}}. That is no consent: take the safer way, or say in your answer what is left open.""",
            PersonVerdict.Withdrawn =>
                $$"""{"outcome":"withdrawn"} The question was withdrawn{{(answer.Words is { } why ? $": {why}" : "")}}.""",
            _ => throw new ArgumentOutOfRangeException(nameof(answer)),
        };
    }
}
