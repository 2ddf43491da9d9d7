using System.Text.Json;
using AgentFunctions.Tools;

namespace AgentFunctions.Testing;

/// <summary>All executions of tools on the hosts of a test, in the order in which they ended.</summary>
internal sealed class Executions(TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly List<ToolExecution> _all = [];

    public IReadOnlyList<ToolExecution> All
    {
        get
        {
            lock (_gate)
            {
                return [.. _all];
            }
        }
    }

    public void Add(ToolContext context, string tool, ToolEffect effect, IReadOnlyDictionary<string, JsonElement> arguments,
        bool returned)
    {
        lock (_gate)
        {
            _all.Add(new ToolExecution(context.RunId, tool, effect, context.IdempotencyKey, arguments, time.GetUtcNow())
            {
                Returned = returned,
            });
        }
    }
}
