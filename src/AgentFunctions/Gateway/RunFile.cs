namespace AgentFunctions.Gateway;

/// <summary>Represents a file that a run begins with.</summary>
/// <param name="Name">The name of the artifact.</param>
/// <param name="MediaType">The media type.</param>
/// <param name="Content">The content.</param>
public sealed record RunFile(string Name, string MediaType, ReadOnlyMemory<byte> Content);
