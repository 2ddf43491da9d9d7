using AgentFunctions.Budgets;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Gateway;

/// <summary>What may be sent to a run.</summary>
internal static class SteeringRules
{
    /// <summary>The longest message, in characters.</summary>
    public const int MaxMessage = 32_768;

    /// <summary>The most data of a message, in bytes: an entry of a log may have 1 MiB, and data is stored as text.</summary>
    private const int MaxMedia = 512 * 1024;

    public static void CheckMessage(string text)
    {
        if (string.IsNullOrWhiteSpace(text) || text.Length > MaxMessage)
        {
            throw new AgentException(ErrorCode.InvalidInput, $"text: use 1 to {MaxMessage} characters.");
        }
    }

    public static void CheckMedia(IReadOnlyList<AIContent> media)
    {
        long size = 0;
        foreach (AIContent one in media)
        {
            size += one switch
            {
                DataContent data => data.Data.Length,
                UriContent { Uri: { IsAbsoluteUri: true, Scheme: "http" or "https" } } => 0,
                _ => throw new AgentException(
                    ErrorCode.InvalidInput,
                    $"media: send data, and http or https addresses; {one.GetType().Name} cannot be sent to a run."),
            };
        }

        if (size > MaxMedia)
        {
            throw new AgentException(
                ErrorCode.InvalidInput,
                "media: send at most 512 KiB of data with a message; submit a run with larger data, or put the file in the workspace.");
        }
    }

    public static void CheckGrant(Budget more)
    {
        ArgumentNullException.ThrowIfNull(more);
        more.Validate("budget");
        if (more.IsUnlimited)
        {
            throw new AgentException(ErrorCode.InvalidInput, "budget: name at least one part to grant.");
        }
    }
}
