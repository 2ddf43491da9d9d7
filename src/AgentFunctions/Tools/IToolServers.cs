namespace AgentFunctions.Tools;

/// <summary>Marks a host that serves the tool servers of its agents.</summary>
internal interface IToolServers;
