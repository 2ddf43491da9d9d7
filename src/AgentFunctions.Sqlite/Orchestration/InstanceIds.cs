namespace AgentFunctions.Sqlite.Orchestration;

/// <summary>What an instance id may be.</summary>
internal static class InstanceIds
{
    private const int MaxLength = 256;

    /// <summary>Lets a good id pass.</summary>
    /// <param name="instanceId">The id.</param>
    /// <exception cref="AgentException"><see cref="ErrorCode.InvalidInput"/>.</exception>
    public static string Check(string instanceId) =>
        instanceId.Length is > 0 and <= MaxLength && !instanceId.Any(char.IsControl) ? instanceId : throw new AgentException(
            ErrorCode.InvalidInput,
            $"The instance id has {instanceId.Length} characters or a control character; use 1 to {MaxLength} printable ones.");
}
