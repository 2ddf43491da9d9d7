namespace AgentFunctions.Core;

/// <summary>Marks a hosted service of the library that acts once in every process, after the engine is there.</summary>
internal interface IProcessService;
