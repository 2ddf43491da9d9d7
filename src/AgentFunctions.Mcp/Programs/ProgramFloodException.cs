using System.Globalization;

namespace AgentFunctions.Mcp.Programs;

/// <summary>Represents output of a tool server that is more than the host reads.</summary>
internal sealed class ProgramFloodException(string message) : IOException(message)
{
    public static ProgramFloodException Line(int limit) =>
        new(string.Create(CultureInfo.InvariantCulture,
            $"it sent a message longer than {limit} bytes, which was not read; ask for less at once"));

    public static ProgramFloodException Stream(long limit) =>
        new(string.Create(CultureInfo.InvariantCulture,
            $"it sent more than {limit} bytes within a minute that answer nothing; it was ended"));
}
