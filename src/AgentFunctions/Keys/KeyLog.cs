using Microsoft.Extensions.Logging;

namespace AgentFunctions.Keys;

/// <summary>What keys tell the host's log. Event ids 2000 to 2099, with governance.</summary>
internal static partial class KeyLog
{
    [LoggerMessage(2010, LogLevel.Warning,
        "'{File}' is not trusted: it does not bear the seal of this host; remove it, or restore it with host.key from a copy")]
    public static partial void ForeignKey(ILogger logger, string file);

    [LoggerMessage(2011, LogLevel.Error,
        "Record {Key} does not bear the seal of this host: it was altered or planted, and counts for nothing. Remove it, or restore the key folder that the host had when it was written")]
    public static partial void RecordAltered(ILogger logger, string key);

    [LoggerMessage(2012, LogLevel.Warning,
        "These API keys are of a version without seals and were taken over, this once: {Names}. Withdraw one that you do not know")]
    public static partial void KeysAdopted(ILogger logger, string names);

    [LoggerMessage(2013, LogLevel.Warning,
        "The keys of {Count} run trees and the host's own were copied from the store into the key folder, this once. The copies in the store open what was sealed until now: keep the store from others, or purge old runs")]
    public static partial void Copied(ILogger logger, int count);
}
