namespace AgentFunctions.Durability;

/// <summary>
/// Represents an error as data, which is recorded instead of an exception. Follows
/// <c>Microsoft.DurableTask.TaskFailureDetails</c>; type names in it are never resolved by reflection.
/// </summary>
/// <param name="ErrorType">
/// The name of the kind of error: an <see cref="ErrorCode"/> or the full name of an exception type.
/// </param>
/// <param name="Message">What went wrong, in words for a person.</param>
/// <param name="StackTrace">Where, when it is known.</param>
/// <param name="InnerFailure">What caused it, when that is known.</param>
/// <param name="IsNonRetriable">Whether a repetition cannot help.</param>
public sealed record FailureDetails(
    string ErrorType, string Message, string? StackTrace = null, FailureDetails? InnerFailure = null, bool IsNonRetriable = false)
{
    /// <summary>Gets the details of an exception, its causes included.</summary>
    /// <param name="exception">The exception.</param>
    public static FailureDetails FromException(Exception exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        return exception switch
        {
            TaskFailedException failed => new(
                failed.GetType().FullName!, failed.Message, failed.StackTrace, failed.Failure, failed.Failure.IsNonRetriable),
            AgentException known => new(
                known.Code.ToString(), known.Message, known.StackTrace, Inner(known), !known.IsTransient),
            _ => new(exception.GetType().FullName!, exception.Message, exception.StackTrace, Inner(exception)),
        };
    }

    /// <summary>Determines whether this failure, or one of its causes, has the code.</summary>
    /// <param name="code">The code to look for.</param>
    public bool IsCausedBy(ErrorCode code) =>
        ErrorType == code.ToString() || (InnerFailure?.IsCausedBy(code) ?? false);

    /// <summary>
    /// Gets what brought it about: the innermost failure that has an <see cref="ErrorCode"/>, otherwise the innermost of all.
    /// </summary>
    public FailureDetails Cause()
    {
        FailureDetails? known = null;
        FailureDetails current = this;
        while (true)
        {
            known = Enum.TryParse<ErrorCode>(current.ErrorType, out _) ? current : known;
            if (current.InnerFailure is null)
            {
                return known ?? current;
            }

            current = current.InnerFailure;
        }
    }

    private static FailureDetails? Inner(Exception exception) =>
        exception.InnerException is { } inner ? FromException(inner) : null;
}
