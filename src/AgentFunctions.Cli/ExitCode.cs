using AgentFunctions.Runs;

namespace AgentFunctions.Cli;

/// <summary>What the program tells the shell.</summary>
internal static class ExitCode
{
    public const int Done = 0;
    public const int Failed = 1;
    public const int Usage = 2;

    /// <summary>The run was cancelled, or one of its limits ended it.</summary>
    public const int Stopped = 3;

    /// <summary>Interrupted from the keyboard: what shells expect after SIGINT.</summary>
    public const int Interrupted = 130;

    public static int Of(RunStatus status) => status switch
    {
        RunStatus.Completed => Done,
        RunStatus.Cancelled or RunStatus.BudgetExhausted => Stopped,
        _ => Failed,
    };

    public static int Of(ErrorCode code) => code switch
    {
        ErrorCode.InvalidInput or ErrorCode.AgentNotFound or ErrorCode.ModelNotFound or ErrorCode.ToolNotFound => Usage,
        _ => Failed,
    };
}
