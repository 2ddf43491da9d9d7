namespace AgentFunctions.Core;

/// <summary>
/// Marks a hosted service that acts once in every process, after the engine has started. A host whose engine exists only within
/// an invocation, such as a function app, takes these services out of its list and starts them with its first invocation.
/// </summary>
public interface IProcessService;
