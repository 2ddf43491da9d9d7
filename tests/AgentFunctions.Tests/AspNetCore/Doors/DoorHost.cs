using AgentFunctions.Gateway;
using AgentFunctions.Governance.Audit;
using AgentFunctions.TestKit;
using AgentFunctions.Tools;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tests.AspNetCore.Doors;

/// <summary>A host with all doors, and what their tests ask of it beside the protocols.</summary>
internal static class DoorHost
{
    public static Task<ApiHost> StartAsync(
        Func<ChatRequest, ChatReply> script, AgentTool[] tools, params (string Key, string Value)[] settings) =>
        StartAsync(script, tools, static _ => { }, settings);

    public static Task<ApiHost> StartAsync(
        Func<ChatRequest, ChatReply> script, AgentTool[] tools, Action<IServiceCollection> configure,
        params (string Key, string Value)[] settings) =>
        ApiHost.StartAsync(
            script, tools,
            builder =>
            {
                configure(builder.Services);
                builder.Configuration.AddInMemoryCollection(
                    settings.Select(static one => KeyValuePair.Create(one.Key, (string?)one.Value)));
                builder.Services.AddAgentFunctionsDoors();
            },
            static app => app.MapDoors());

    /// <summary>The setting by which a host has a key, so that its callers need keys of their own.</summary>
    public static (string Key, string Value) WithKey { get; } = ("Api:Key", "the-key-of-the-host");

    /// <summary>The setting by which calls of the tool <c>send</c> wait for an approval.</summary>
    /// <param name="folder">Where the policy is written.</param>
    public static (string Key, string Value) WithApproval(TemporaryFolder folder) =>
        ("Governance:PolicyPath", folder.Write("policy.yaml", "rules: [{name: ask, when: {tool: send}, then: ask}]"));

    /// <summary>Makes keys of two callers who may submit, and see no runs of each other.</summary>
    public static async Task<(string Anna, string Ben)> AddCallersAsync(this ApiHost host, CancellationToken cancellationToken)
    {
        ApiKeys keys = host.Get<ApiKeys>();
        await keys.AddAsync("root", [CallerRoles.Admin], Caller.Local, cancellationToken);
        return (
            await keys.AddAsync("anna", [CallerRoles.Submitter], Caller.Local, cancellationToken),
            await keys.AddAsync("ben", [CallerRoles.Submitter], Caller.Local, cancellationToken));
    }

    /// <summary>
    /// Reads by which door a run was submitted, and what that door calls the request: once for each submission.
    /// </summary>
    public static async Task<(string? Door, string? Request)[]> SubmissionsAsync(
        this ApiHost host, string run, CancellationToken cancellationToken) =>
        await host.Get<AuditLog>().ReadAsync(run, 0, cancellationToken)
            .Where(static entry => entry.Type == AuditTypes.RunSubmitted)
            .Select(static entry => (entry.Door, entry.DoorRequest)).ToArrayAsync(cancellationToken);

    /// <summary>Whether a message of the dialogue has some words.</summary>
    public static bool Says(this ChatRequest request, string words) =>
        request.Messages.Any(message => message.ToString().Contains(words, StringComparison.Ordinal));
}
