// The only folder that speaks to Tauri. Everything else in ui/ calls the functions here,
// so that a test, or a browser, can stand in another backend.
import { invoke } from "@tauri-apps/api/core";

export interface AppInfo {
  name: string;
  version: string;
}

export function appInfo(): Promise<AppInfo> {
  return invoke<AppInfo>("app_info");
}
