using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;

namespace AgentFunctions.Cli.Hosting;

/// <summary>The protocols that <c>serve</c> speaks beside the HTTP API, by the names that its option has for them.</summary>
internal static class DoorNames
{
    private static readonly (string Name, Action<IEndpointRouteBuilder> Map)[] Known =
    [
        ("mcp", static endpoints => endpoints.MapMcpDoor()),
        ("openai", static endpoints => endpoints.MapOpenAIDoor()),
        ("a2a", static endpoints => endpoints.MapA2ADoor()),
        ("agui", static endpoints => endpoints.MapAgUiDoor()),
    ];

    /// <summary>Gets the names of all of them.</summary>
    public static string All { get; } = string.Join(',', Known.Select(static door => door.Name));

    /// <summary>Reads a list of names.</summary>
    /// <exception cref="AgentException"><see cref="ErrorCode.InvalidInput"/>: a name is unknown.</exception>
    public static IReadOnlyList<string> Read(string list)
    {
        string[] names = list.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return names is ["none"] ? []
            : Array.Find(names, static name => Known.All(door => door.Name != name)) is { } unknown
                ? throw new AgentException(ErrorCode.InvalidInput, $"--doors: '{unknown}' is unknown; use {All}, or none.")
                : names;
    }

    /// <summary>Maps doors.</summary>
    public static void Map(IEndpointRouteBuilder endpoints, IReadOnlyList<string> names)
    {
        foreach ((_, Action<IEndpointRouteBuilder> map) in Known.Where(door => names.Contains(door.Name)))
        {
            map(endpoints);
        }
    }
}
