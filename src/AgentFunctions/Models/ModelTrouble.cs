using Polly.Timeout;

namespace AgentFunctions.Models;

/// <summary>Specifies why a model gives no answer, where another model may.</summary>
[Flags]
public enum ModelTrouble
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>The endpoint cannot be reached, fails, or speaks another protocol.</summary>
    Unreachable = 1,

    /// <summary>The endpoint refuses the key, or has no such model.</summary>
    Refused = 2,

    /// <summary>The endpoint takes no more calls for now, or the account is out of credit.</summary>
    Overloaded = 4,

    /// <summary>The endpoint does not answer in time, or its answer breaks off.</summary>
    Slow = 8,

    /// <summary>All of these.</summary>
    Any = Unreachable | Refused | Overloaded | Slow,
}

/// <summary>Tells why a model gave no answer.</summary>
internal static class ModelTroubles
{
    /// <summary>Marks the error of an account that is out of credit.</summary>
    public const string OutOfCredit = "AgentFunctions.OutOfCredit";

    /// <summary>Gets the trouble of a failed call.</summary>
    /// <param name="error">What the model's client reported.</param>
    /// <returns>
    /// The trouble; <see cref="ModelTrouble.None"/> if another model would fail alike, for the request is at fault.
    /// </returns>
    public static ModelTrouble Of(AgentException error) => error switch
    {
        { Code: ErrorCode.ModelUnavailable, InnerException: TimeoutRejectedException }
            or { Code: ErrorCode.ModelStreamTruncated } => ModelTrouble.Slow,
        { Code: ErrorCode.ModelUnavailable or ErrorCode.ModelProtocolError } => ModelTrouble.Unreachable,
        { Code: ErrorCode.ModelUnauthorized or ErrorCode.ModelNotFound or ErrorCode.ModelKeyMissing } => ModelTrouble.Refused,
        { Code: ErrorCode.ModelRateLimited } => ModelTrouble.Overloaded,
        { Code: ErrorCode.ModelRequestRejected } when error.Data.Contains(OutOfCredit) => ModelTrouble.Overloaded,
        _ => ModelTrouble.None,
    };
}
