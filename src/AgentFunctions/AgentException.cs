using System.Diagnostics.CodeAnalysis;

namespace AgentFunctions;

/// <summary>Represents an error of this library, with a stable code and a message for people.</summary>
[SuppressMessage("Design", "CA1032:Implement standard exception constructors",
    Justification = "An error without a code says too little.")]
public sealed class AgentException : Exception
{
    /// <summary>Makes the error.</summary>
    /// <param name="code">Which kind.</param>
    /// <param name="message">What went wrong and what would mend it.</param>
    /// <param name="innerException">What caused it.</param>
    public AgentException(ErrorCode code, string message, Exception? innerException = null)
        : base(message, innerException) => Code = code;

    /// <summary>Gets which kind of error this is.</summary>
    public ErrorCode Code { get; }

    /// <summary>
    /// Gets how long to wait before a repetition, if known: for <see cref="ErrorCode.ModelRateLimited"/>,
    /// <see cref="ErrorCode.ModelUnavailable"/>, <see cref="ErrorCode.Overloaded"/> and <see cref="ErrorCode.QuotaExceeded"/>.
    /// </summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Gets whether the same call may succeed later without any change.</summary>
    public bool IsTransient => Code is ErrorCode.EngineUnavailable or ErrorCode.Overloaded
        or ErrorCode.ModelRateLimited or ErrorCode.ModelUnavailable or ErrorCode.ModelStreamTruncated
        or ErrorCode.PositionConflict
        or ErrorCode.EtagConflict;
}

/// <summary>Specifies the kind of an error. Numbers and names are stable; values are only added.</summary>
public enum ErrorCode
{
    /// <summary>An argument, option or file of the caller's is wrong; the message names the field and the remedy.</summary>
    InvalidInput = 1,

    /// <summary>The engine cannot record: a full or read-only disk, a stopped host.</summary>
    EngineUnavailable = 100,

    /// <summary>A second process has the data file open.</summary>
    DataFileInUse = 101,

    /// <summary>The data file is damaged, or a newer version wrote it.</summary>
    DataFileUnusable = 102,

    /// <summary>There is no instance of that id.</summary>
    InstanceNotFound = 103,

    /// <summary>The instance id is taken.</summary>
    InstanceExists = 104,

    /// <summary>The orchestrator asked for something else than its history records.</summary>
    NonDeterminism = 105,

    /// <summary>No orchestrator or activity of that name is registered.</summary>
    NotRegistered = 106,

    /// <summary>A payload passes the limit that the options set.</summary>
    PayloadTooLarge = 107,

    /// <summary>A history passes the limit that the options set.</summary>
    HistoryTooLong = 108,

    /// <summary>Too much work is waiting; repeat later.</summary>
    Overloaded = 109,

    /// <summary>A log is not at the position that the writer expected.</summary>
    PositionConflict = 110,

    /// <summary>A record is not of the version that the writer expected.</summary>
    EtagConflict = 111,

    /// <summary>There is no run of that id.</summary>
    RunNotFound = 200,

    /// <summary>The run's status forbids the call.</summary>
    RunStateForbids = 201,

    /// <summary>An idempotency key was used with another body.</summary>
    IdempotencyKeyReused = 202,

    /// <summary>There is no agent of that name.</summary>
    AgentNotFound = 203,

    /// <summary>The run's turns passed its limit.</summary>
    TurnLimitReached = 204,

    /// <summary>The run's tokens passed its limit.</summary>
    TokenLimitReached = 205,

    /// <summary>The run's time passed its limit.</summary>
    TimeLimitReached = 206,

    /// <summary>The run's steps reached its budget.</summary>
    StepLimitReached = 207,

    /// <summary>What the run costs reached its budget.</summary>
    SpendLimitReached = 208,

    /// <summary>The answer did not pass the run's acceptance check as often as it may be given.</summary>
    AnswerNotAccepted = 209,

    /// <summary>The run has no artifact of that name.</summary>
    ArtifactNotFound = 210,

    /// <summary>A sub-agent may not be started: a bound of the tree would be passed; the message names it.</summary>
    SwarmBoundReached = 220,

    /// <summary>The run, and what was stored about it, was erased.</summary>
    RunErased = 211,

    /// <summary>A legal hold keeps the run; the message names it.</summary>
    RunHeld = 212,

    /// <summary>There is no legal hold of that name.</summary>
    HoldNotFound = 213,

    /// <summary>There is no sub-agent of that name or id.</summary>
    SubAgentNotFound = 221,

    /// <summary>A step of the run took longer than any may.</summary>
    RunStuck = 222,

    /// <summary>No model of that name is configured, or the provider knows none.</summary>
    ModelNotFound = 300,

    /// <summary>A model's key is missing.</summary>
    ModelKeyMissing = 301,

    /// <summary>The provider refused the credentials.</summary>
    ModelUnauthorized = 302,

    /// <summary>The provider refused the request; the message carries its words.</summary>
    ModelRequestRejected = 303,

    /// <summary>The provider asked to slow down, beyond what was waited for.</summary>
    ModelRateLimited = 304,

    /// <summary>The provider could not be reached or answered with an error of its own.</summary>
    ModelUnavailable = 305,

    /// <summary>The provider's answer is not of its protocol: an HTML page, broken JSON.</summary>
    ModelProtocolError = 306,

    /// <summary>The provider's stream ended before the answer was whole.</summary>
    ModelStreamTruncated = 307,

    /// <summary>The provider withheld the answer.</summary>
    ModelContentFiltered = 308,

    /// <summary>The request is larger than the model's context window.</summary>
    ModelContextExceeded = 309,

    /// <summary>The model gave an empty answer, though it was asked again.</summary>
    ModelAnswerEmpty = 310,

    /// <summary>The model declined to answer.</summary>
    ModelRefused = 311,

    /// <summary>The model reached its limit of output in the middle of its tool calls, again and again.</summary>
    ModelAnswerCut = 312,

    /// <summary>There is no tool of that name for this agent.</summary>
    ToolNotFound = 400,

    /// <summary>The arguments are not of the tool's schema.</summary>
    ToolArgumentsInvalid = 401,

    /// <summary>A path leads out of the workspace.</summary>
    PathOutsideWorkspace = 402,

    /// <summary>The tool took longer than its time-out.</summary>
    ToolTimeout = 403,

    /// <summary>A tool with effects was cut off; nobody can say whether its effect took place.</summary>
    ToolOutcomeUnknown = 404,

    /// <summary>The tool failed in a way of its own.</summary>
    ToolFailed = 405,

    /// <summary>A path is reserved for the host: what is there governs its runs.</summary>
    PathReserved = 406,

    /// <summary>The server that offers the tool cannot be reached; the call was not made.</summary>
    ToolUnavailable = 410,

    /// <summary>Another sub-agent of the tree is writing the file.</summary>
    PathLeaseHeld = 420,

    /// <summary>The run's lease on the file ran out, and another sub-agent has written it since.</summary>
    PathLeaseLost = 421,

    /// <summary>The tool is not the one that the run was started with, and the call does not fit it as it is now.</summary>
    ToolChanged = 411,

    /// <summary>A rule of the policy forbids the call; the message names the rule.</summary>
    PolicyDenied = 500,

    /// <summary>A person denied the call.</summary>
    ApprovalDenied = 501,

    /// <summary>Nobody decided about the call in time.</summary>
    ApprovalExpired = 502,

    /// <summary>There is no approval of that id.</summary>
    ApprovalNotFound = 503,

    /// <summary>The approval has been decided already.</summary>
    ApprovalStateForbids = 504,

    /// <summary>The kill switch has stopped it; the message names the order.</summary>
    Stopped = 505,

    /// <summary>The caller may not do this; the message names the rule.</summary>
    NotAllowed = 506,

    /// <summary>The caller has used up a quota; the message names it.</summary>
    QuotaExceeded = 507,

    /// <summary>There is no unreviewed change of that id or run.</summary>
    ReviewNotFound = 508,

    /// <summary>There is no question of that id.</summary>
    QuestionNotFound = 520,

    /// <summary>The question has been answered or declined already, has expired or was withdrawn.</summary>
    QuestionStateForbids = 521,

    /// <summary>Nobody answered the question in time.</summary>
    QuestionExpired = 522,

    /// <summary>There is no monitor of that name.</summary>
    MonitorNotFound = 600,

    /// <summary>There is no incident of that id.</summary>
    IncidentNotFound = 601,

    /// <summary>The incident's state forbids the call.</summary>
    IncidentStateForbids = 602,

    /// <summary>A notification can never be delivered: the receiver refused it, or there is no such channel.</summary>
    NotificationRejected = 603,
}
