using System.Text.Json;

namespace AgentFunctions.Tests.Mcp;

/// <summary>The files of <c>changing-server.mjs</c>: what its tools are, and which calls came.</summary>
internal sealed class ChangingServer : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public ChangingServer(params object[] tools) => Offer(tools.Length > 0 ? tools : [Tool("act")]);

    /// <summary>How to start it.</summary>
    public object Definition(object? env = null, object? effects = null) => McpBench.Shell(
        Path.Combine(AppContext.BaseDirectory, "node", "changing-server.mjs"), [ToolsFile, CallsFile], env, effects);

    /// <summary>The calls that reached it.</summary>
    public JsonElement[] Calls => File.Exists(CallsFile)
        ? [.. File.ReadAllLines(CallsFile).Select(static line => JsonElement.Parse(line))]
        : [];

    private string ToolsFile => Path.Combine(_folder.Path, "tools.json");

    private string CallsFile => Path.Combine(_folder.Path, "calls");

    public static object Tool(string name, object? annotations = null, object? schema = null, string description = "Acts.") => new
    {
        name,
        description,
        inputSchema = schema ?? new { type = "object", properties = new { @do = new { type = "string" } } },
        annotations = annotations ?? new { },
    };

    public void Offer(params object[] tools)
    {
        // Written aside and moved, so that the server never reads half a file.
        string aside = _folder.Write("tools.new", JsonSerializer.Serialize(tools));
        File.Move(aside, ToolsFile, overwrite: true);
    }

    public void Dispose() => _folder.Dispose();
}
