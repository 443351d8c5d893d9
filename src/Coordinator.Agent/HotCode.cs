using System.Reflection;
using System.Runtime.CompilerServices;
using Coordinator.Domain.Handoff;
using Coordinator.Qmp;

namespace Coordinator.Agent;

/// <summary>
/// Compiles this agent's own code at its start instead of at first use: a method that runs for the first time inside a blackout would be compiled there, each some tenths of a
/// millisecond (12 ms in all between <c>pre-switchover</c> and <c>migrate-continue</c>, measured on a busy machine). With ahead-of-time compiled binaries there is little left to do.
/// </summary>
internal static class HotCode
{
    private const BindingFlags All = BindingFlags.DeclaredOnly | BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic;

    private static int s_begun;

    public static void CompileInBackground()
    {
        if (Interlocked.Exchange(ref s_begun, 1) == 0)
        {
            new Thread(Compile) { IsBackground = true, Priority = ThreadPriority.BelowNormal, Name = "compiling" }.Start();
        }
    }

    private static void Compile()
    {
        Assembly[] assemblies = [typeof(HotCode).Assembly, typeof(QmpConnection).Assembly, typeof(SourceHandoff).Assembly, typeof(AgentProtocol.VmReport).Assembly];
        foreach (Type type in assemblies.SelectMany(assembly => assembly.GetTypes()).Where(type => !type.ContainsGenericParameters))
        {
            foreach (MethodBase method in type.GetMethods(All).Cast<MethodBase>().Concat(type.GetConstructors(All)).Where(method => !method.IsAbstract && !method.ContainsGenericParameters))
            {
                try
                {
                    RuntimeHelpers.PrepareMethod(method.MethodHandle);
                }
                catch (Exception e) when (e is PlatformNotSupportedException or TypeLoadException or ArgumentException or EntryPointNotFoundException or DllNotFoundException)
                {
                    // Not compiled beforehand, then: it is compiled when it is called.
                }
            }
        }
    }
}
