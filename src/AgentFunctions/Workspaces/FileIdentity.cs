namespace AgentFunctions.Workspaces;

/// <summary>Represents which file or folder it is, whatever it is called: hard links and mounts share it.</summary>
/// <param name="Device">The device.</param>
/// <param name="Number">The number of the file on the device.</param>
internal readonly record struct FileIdentity(ulong Device, ulong Number);
