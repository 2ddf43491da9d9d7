using System.Diagnostics.CodeAnalysis;

namespace AgentFunctions.Cli.Server;

/// <summary>A server refused a call, or cannot be reached.</summary>
[SuppressMessage("Design", "CA1032:Implement standard exception constructors",
    Justification = "An error without words says too little.")]
internal sealed class ServerException(string message, Exception? innerException = null) : Exception(message, innerException)
{
    /// <summary>Gets whether the same call may succeed later without any change.</summary>
    public bool IsTransient { get; init; }
}
