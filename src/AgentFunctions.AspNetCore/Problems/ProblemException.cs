using System.Diagnostics.CodeAnalysis;

namespace AgentFunctions.AspNetCore.Problems;

/// <summary>An error that only HTTP knows; all others are an <see cref="AgentException"/>.</summary>
[SuppressMessage("Design", "CA1032:Implement standard exception constructors",
    Justification = "An error without a code says too little.")]
internal sealed class ProblemException(int status, string code, string message) : Exception(message)
{
    public int Status { get; } = status;

    public string Code { get; } = code;
}
